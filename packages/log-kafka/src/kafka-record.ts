import { carryRecord, readRecord, recordHeaders } from "@hawser/log/broker";
import type { LogRecord, PlacedRecord } from "@hawser/log/broker";
import type { MessageRecord, RecordsBatch } from "@platformatic/kafka";

/** Bits of a batch's attributes (Kafka's document "Message Format", record batch). */
export const attributes = { appendTime: 1 << 3, transactional: 1 << 4, control: 1 << 5 } as const;

/** The record as it is written: an append's key is its channel, by which workers in any language tell channels apart. */
export function toMessage(record: LogRecord, topic: string, partition: number, nowMs: number): MessageRecord {
  // What somebody else wrote is never written by us.
  if (record.kind === "foreign") throw new TypeError("a foreign record is not written");
  const { headers, value } = carryRecord(record);
  return {
    topic,
    partition,
    timestamp: BigInt(nowMs),
    value: asBuffer(value),
    headers: new Map(Object.entries(headers).map(([name, text]) => [nameBytes[name]!, Buffer.from(text)])),
    ...(record.kind === "append" ? { key: Buffer.from(record.channel) } : {}),
  };
}

/** What a message takes in a batch, in bytes, at most. */
export function messageBytes({ key, value, headers }: MessageRecord): number {
  let bytes = recordOverhead + (key?.length ?? 0) + value.length;
  for (const [name, text] of headers ?? []) bytes += headerOverhead + name.length + text.length;
  return bytes;
}

/** The records of batches, by our offsets, which begin at 1. What the broker itself wrote is foreign like what others did. */
export function placedRecords(batches: readonly RecordsBatch[]): PlacedRecord[] {
  const placed: PlacedRecord[] = [];
  for (const batch of batches) {
    const isControl = (batch.attributes & attributes.control) !== 0;
    const isAppendTime = (batch.attributes & attributes.appendTime) !== 0;
    for (const { offsetDelta, timestampDelta, key, value, headers } of batch.records) {
      const offset = Number(batch.firstOffset) + offsetDelta + 1;
      const time = Number(isAppendTime ? batch.maxTimestamp : batch.firstTimestamp + timestampDelta);
      const foreignId = (): string => `${offset}:${time}:${key?.length ?? -1}:${value?.length ?? -1}`;
      const values = new Map(headers.map(([name, text]) => [name?.toString("latin1"), text]));
      const header = (name: string): string | undefined => values.get(name)?.toString();
      const record: LogRecord =
        isControl || value === null ? { kind: "foreign", id: foreignId() } : readRecord(header, value, foreignId);
      placed.push({ offset, time, record });
    }
  }
  return placed;
}

/** The headers' names, which all records share. */
const nameBytes = Object.fromEntries(Object.values(recordHeaders).map((name) => [name, Buffer.from(name)]));

/** The lengths, the attributes and the deltas of a record, each at its longest. */
const recordOverhead = 40;
/** Both lengths of a header. */
const headerOverhead = 10;

function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
