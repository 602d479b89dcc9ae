import { isCarriable } from "@hawser/protocol";
import type { Payload } from "@hawser/protocol";
import type { Entry } from "../log.ts";
import type { AppendRecord, LogRecord, PlacedRecord } from "../prefix/log-record.ts";
import { readMark } from "./mark-headers.ts";

/** What somebody wrote. */
export interface ForeignMessage {
  /** `undefined`: it is for no channel. */
  readonly key: string | undefined;
  /** `undefined` where there is none, as in a tombstone: a hole. */
  readonly value: Uint8Array | undefined;
  /** How it is known again; the broker's offset, time and size do. */
  readonly id: string;
  /** Gives a header as text, by its name: for those by which Hawser's own nodes mark what they write. Left out: there are none. */
  readonly header?: (name: string) => string | undefined;
}

/** How payloads of a binding are taken. */
export interface PayloadRule {
  /** What records hold. What is not of this kind is a hole. */
  readonly kind: Payload["kind"];
  /** What is larger is a hole. */
  readonly maxPayloadBytes: number;
}

/** In place of a payload that cannot be carried; known by itself. */
const uncarried: Payload = { kind: "bytes", data: new Uint8Array(0) };

/** The record of a `BoundPartition` for what somebody wrote. */
export function boundRecord({ key, value, id, header }: ForeignMessage, rule: PayloadRule): LogRecord {
  if (key === undefined) return { kind: "foreign", id };
  const mark = header === undefined ? undefined : readMark(header);
  return {
    kind: "append",
    id,
    epoch: 0,
    channel: key,
    producer: "",
    sequence: 0,
    previous: 0,
    deduplicateMs: 0,
    payload: value === undefined ? uncarried : carried(value, rule),
    key: "",
    publisher: "",
    ...mark,
  };
}

/** The entry of a record that {@link boundRecord} made, as its channel has it. */
export function boundEntry(
  { offset, time }: PlacedRecord,
  { payload, key, publisher }: Pick<AppendRecord, "payload" | "key" | "publisher">,
): Entry {
  return { offset, time, payload: payload === uncarried ? undefined : payload, key, publisher };
}

/** Why a payload cannot be written where records hold this; `undefined`: it can. */
export function refusal({ data }: Payload, { kind, maxPayloadBytes }: PayloadRule): string | undefined {
  if (data.byteLength > maxPayloadBytes) {
    return `a payload of ${data.byteLength} bytes is larger than the ${maxPayloadBytes} that a record takes`;
  }
  return isCarriable({ kind, data }) ? undefined : `a payload is no ${kind}, which is what the records hold`;
}

function carried(value: Uint8Array, { kind, maxPayloadBytes }: PayloadRule): Payload {
  if (value.byteLength > maxPayloadBytes) return uncarried;
  // The value may be a part of a larger answer of the broker's, which it must not keep alive.
  const payload: Payload = { kind, data: new Uint8Array(value) };
  return isCarriable(payload) ? payload : uncarried;
}
