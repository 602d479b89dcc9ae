import { encodeText, strictTextOf } from "@hawser/protocol";
import type { Payload } from "@hawser/protocol";
import type { LogRecord } from "../prefix/log-record.ts";

/**
 * A record as brokers carry it: named texts beside a value. An append's value is the payload as it was published, and
 * `hawser-channel`, `hawser-type`, `hawser-key` and `hawser-user` say what a worker wants to know that never heard of
 * Hawser; the other headers are the log's own.
 */
export interface CarriedRecord {
  readonly headers: Readonly<Record<string, string>>;
  readonly value: Uint8Array;
}

/** Names of the headers. Texts are UTF-8. */
export const recordHeaders = {
  /** "append", or a kind of record that is the log's own. */
  kind: "hawser-kind",
  /** Unique for each time that something was sent. */
  id: "hawser-id",
  channel: "hawser-channel",
  /** How the payload is to be taken: "bytes", "text" or "json". */
  type: "hawser-type",
  /** The conflation key; left out when there is none. */
  key: "hawser-key",
  /** Who published it; left out when the application did. */
  user: "hawser-user",
  /** Epoch, sequence, previous and the window of de-duplication in milliseconds, then the producer, parted by spaces. */
  order: "hawser-order",
} as const;

/** The record for the wire of a broker. */
export function carryRecord(record: Exclude<LogRecord, { kind: "foreign" }>): CarriedRecord {
  const { kind, id } = record;
  const headers: Record<string, string> = { [recordHeaders.kind]: kind, [recordHeaders.id]: id };
  if (record.kind !== "append") {
    const { kind: _kind, id: _id, ...body } = record;
    return { headers, value: encodeText(JSON.stringify(body)) };
  }
  const { channel, epoch, sequence, previous, deduplicateMs, producer, payload, key, publisher } = record;
  headers[recordHeaders.channel] = channel;
  headers[recordHeaders.type] = payload.kind;
  headers[recordHeaders.order] = `${epoch} ${sequence} ${previous} ${deduplicateMs} ${producer}`;
  if (key !== "") headers[recordHeaders.key] = key;
  if (publisher !== "") headers[recordHeaders.user] = publisher;
  return { headers, value: payload.data };
}

/**
 * What was carried. What is not one of ours, or damaged, is `foreign`.
 *
 * @param header gives a header by its name.
 * @param foreignId how a record of somebody else is known again; the broker's offset, time and size do.
 */
export function readRecord(
  header: (name: string) => string | undefined,
  value: Uint8Array,
  foreignId: () => string,
): LogRecord {
  const kind = header(recordHeaders.kind);
  const id = header(recordHeaders.id);
  const foreign = (): LogRecord => ({ kind: "foreign", id: foreignId() });
  if (kind === undefined || id === undefined || id === "") return foreign();
  if (kind === "append") return readAppend(id, header, value) ?? foreign();
  return readOwn(kind, id, value) ?? foreign();
}

function readAppend(id: string, header: (name: string) => string | undefined, data: Uint8Array): LogRecord | undefined {
  const channel = header(recordHeaders.channel);
  const type = header(recordHeaders.type);
  const order = orderPattern.exec(header(recordHeaders.order) ?? "");
  if (channel === undefined || !isPayloadKind(type) || order === null) return undefined;
  const [, epoch, sequence, previous, deduplicateMs, producer = ""] = order;
  return {
    kind: "append",
    id,
    channel,
    epoch: Number(epoch),
    sequence: Number(sequence),
    previous: Number(previous),
    deduplicateMs: deduplicateMs === "Infinity" ? Infinity : Number(deduplicateMs),
    producer,
    payload: { kind: type, data },
    key: header(recordHeaders.key) ?? "",
    publisher: header(recordHeaders.user) ?? "",
  };
}

function readOwn(kind: string, id: string, value: Uint8Array): LogRecord | undefined {
  if (!ownKinds.has(kind)) return undefined;
  try {
    const body: unknown = JSON.parse(strictTextOf(value) ?? "");
    if (typeof body !== "object" || body === null) return undefined;
    // Who can write such a header into the log's own topic can write any record: it is trusted like the log itself.
    return { ...body, kind, id } as LogRecord;
  } catch {
    return undefined;
  }
}

function isPayloadKind(type: string | undefined): type is Payload["kind"] {
  return type === "bytes" || type === "text" || type === "json";
}

const ownKinds: ReadonlySet<string> = new Set(["begin", "epoch", "checkpoint", "request"]);
const orderPattern = /^(\d+) (\d+) (\d+) (\d+|\d+\.\d+|Infinity) (.*)$/s;
