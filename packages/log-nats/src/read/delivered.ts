import { AckPolicy, DeliverPolicy } from "@nats-io/jetstream";
import type { ConsumerConfig, JsMsg, StoredMsg } from "@nats-io/jetstream";
import { nanos } from "@nats-io/transport-node";
import type { StoredMessage } from "../message/record-message.ts";

/** A consumer for one reader: nothing is acknowledged, and it goes by itself when its reader does. */
export function readerConfig(from: number, subject?: string): Partial<ConsumerConfig> {
  return {
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: Math.max(1, from),
    ack_policy: AckPolicy.None,
    inactive_threshold: nanos(30_000),
    mem_storage: true,
    num_replicas: 1,
    ...(subject === undefined ? {} : { filter_subject: subject }),
  };
}

/** The message that a consumer delivered. */
export function deliveredMessage(message: JsMsg): StoredMessage {
  const { seq: sequence, subject, headers, data } = message;
  return { sequence, subject, time: Number(BigInt(message.timestampNanos) / 1_000_000n), headers, data };
}

/** The message that was read from its place. */
export function storedMessage({ seq, subject, timestamp, header, data }: StoredMsg): StoredMessage {
  return { sequence: seq, subject, time: Date.parse(timestamp), headers: header, data };
}
