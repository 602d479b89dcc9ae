import { carryRecord, readRecord } from "@hawser/log/broker";
import type { LogRecord, PlacedRecord } from "@hawser/log/broker";
import { assert } from "@hawser/protocol";
import { headers } from "@nats-io/transport-node";
import type { MsgHdrs } from "@nats-io/transport-node";
import { headerValue, textOfHeader } from "./header-text.ts";

/** A message of a stream, as any way of reading gives it. */
export interface StoredMessage {
  readonly sequence: number;
  readonly subject: string;
  /** Milliseconds since 1970, cut off and not rounded: every way of reading has to give the same. */
  readonly time: number;
  readonly headers: MsgHdrs | undefined;
  readonly data: Uint8Array;
}

/** The headers and the value that carry a record. */
export function messageOf(record: LogRecord): { readonly headers: MsgHdrs; readonly value: Uint8Array } {
  assert(record.kind !== "foreign", "records of others are not written");
  const { headers: texts, value } = carryRecord(record);
  const carried = headers();
  for (const name in texts) carried.append(name, headerValue(texts[name] ?? ""));
  return { headers: carried, value };
}

/** The record that a message carries. */
export function recordOf({ sequence, time, headers: carried, data }: Omit<StoredMessage, "subject">): PlacedRecord {
  const record = readRecord(
    (name) => (carried?.has(name) === true ? textOfHeader(carried.get(name)) : undefined),
    // The client gives a Buffer or not, as the way of reading has it.
    new Uint8Array(data.buffer, data.byteOffset, data.length),
    () => `${sequence}-${time}-${data.length}`,
  );
  return { offset: sequence, time, record };
}
