import type { PlacedRecord } from "@hawser/log/broker";
import { AckPolicy, DeliverPolicy } from "@nats-io/jetstream";
import type { ConsumerConfig, JsMsg, StoredMsg } from "@nats-io/jetstream";
import { nanos } from "@nats-io/transport-node";
import { recordOf } from "../message/record-message.ts";

/** A consumer for one reader: nothing is acknowledged, and it goes by itself when its reader does. */
export function readerConfig(from: number): Partial<ConsumerConfig> {
  return {
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: Math.max(1, from),
    ack_policy: AckPolicy.None,
    inactive_threshold: nanos(30_000),
    mem_storage: true,
    num_replicas: 1,
  };
}

/** The record of a message that a consumer delivered. */
export function deliveredRecord(message: JsMsg): PlacedRecord {
  const time = Number(BigInt(message.timestampNanos) / 1_000_000n);
  return recordOf({ sequence: message.seq, time, headers: message.headers, data: message.data });
}

/** The record of a message that was read from its place. */
export function storedRecord({ seq, timestamp, header, data }: StoredMsg): PlacedRecord {
  return recordOf({ sequence: seq, time: Date.parse(timestamp), headers: header, data });
}
