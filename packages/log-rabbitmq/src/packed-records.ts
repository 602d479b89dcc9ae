import { carryRecord, readRecord } from "@hawser/log/broker";
import type { LogRecord } from "@hawser/log/broker";
import { encodeText } from "@hawser/protocol";

/** What a message holds at most, and so how many offsets each has: part of every position in the log. */
export const maxRecordsPerMessage = 16;

/** Type of a message with several records. */
export const packedType = "records";
export const packedContentType = "application/vnd.hawser.records";

/** Of a message with several records, about. */
const maxPackedBytes = 65_536;
const lengthBytes = 4;

type OwnRecord = Exclude<LogRecord, { kind: "foreign" }>;

/** Records that follow each other, in groups that go in one message each; what is no append goes alone. */
export function grouped(records: readonly OwnRecord[], perMessage: number): (readonly OwnRecord[])[] {
  const groups: OwnRecord[][] = [];
  let bytes = Infinity;
  for (const record of records) {
    const size = record.kind === "append" ? record.payload.data.byteLength + 256 : Infinity;
    const last = groups.at(-1);
    bytes += size;
    if (last !== undefined && last.length < perMessage && bytes <= maxPackedBytes) last.push(record);
    else {
      groups.push([record]);
      bytes = size;
    }
  }
  return groups;
}

/**
 * Several records as one body. For each: the length of its headers in four bytes, its headers as a JSON object of texts, the length of
 * its value in four bytes, its value. Lengths are big-endian.
 */
export function packed(records: readonly OwnRecord[]): Buffer {
  const parts: Uint8Array[] = [];
  for (const record of records) {
    const { headers, value } = carryRecord(record);
    const head = encodeText(JSON.stringify(headers));
    parts.push(lengthOf(head), head, lengthOf(value), value);
  }
  return Buffer.concat(parts);
}

/** The records of a body that {@link packed} made. What is damaged is one foreign record. */
export function unpacked(body: Buffer, foreignId: () => string): readonly LogRecord[] {
  const records: LogRecord[] = [];
  let at = 0;
  const take = (): Buffer => {
    const from = at + lengthBytes;
    at = from + body.readUInt32BE(at);
    if (at > body.length) throw new RangeError("a part is longer than its message");
    return body.subarray(from, at);
  };
  try {
    while (at < body.length) {
      const headers = JSON.parse(take().toString()) as Readonly<Record<string, unknown>>;
      const header = (name: string): string | undefined => {
        const text = headers[name];
        return typeof text === "string" ? text : undefined;
      };
      // Of its own: who keeps one does not keep them all.
      records.push(readRecord(header, new Uint8Array(take()), foreignId));
    }
  } catch {
    records.length = 0;
  }
  if (records.length === 0) return [{ kind: "foreign", id: foreignId() }];
  return records.slice(0, maxRecordsPerMessage);
}

function lengthOf({ byteLength }: Uint8Array): Buffer {
  const length = Buffer.allocUnsafe(lengthBytes);
  length.writeUInt32BE(byteLength);
  return length;
}
