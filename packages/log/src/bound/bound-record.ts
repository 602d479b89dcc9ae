import { isCarriable } from "@hawser/protocol";
import type { Payload } from "@hawser/protocol";
import type { Entry } from "../log.ts";
import type { LogRecord, PlacedRecord } from "../prefix/log-record.ts";

/** What somebody wrote. */
export interface ForeignMessage {
  /** `undefined`: it is for no channel. */
  readonly key: string | undefined;
  /** `undefined` where there is none, as in a tombstone: a hole. */
  readonly value: Uint8Array | undefined;
  /** How it is known again; the broker's offset, time and size do. */
  readonly id: string;
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
export function boundRecord({ key, value, id }: ForeignMessage, rule: PayloadRule): LogRecord {
  if (key === undefined) return { kind: "foreign", id };
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
  };
}

/** The entry of a record that {@link boundRecord} made, as its channel has it. */
export function boundEntry({ offset, time }: PlacedRecord, { payload }: { readonly payload: Payload }): Entry {
  return { offset, time, payload: payload === uncarried ? undefined : payload, key: "", publisher: "" };
}

function carried(value: Uint8Array, { kind, maxPayloadBytes }: PayloadRule): Payload {
  if (value.byteLength > maxPayloadBytes) return uncarried;
  // The value may be a part of a larger answer of the broker's, which it must not keep alive.
  const payload: Payload = { kind, data: new Uint8Array(value) };
  return isCarriable(payload) ? payload : uncarried;
}
