import type { Payload } from "@hawser/protocol";
import type { BrokerPorts, Fetched } from "../prefix/broker.ts";
import type { MarkedRecord } from "./mark-headers.ts";

/**
 * One partition of a topic that other programs write. Its records are those of `boundRecord`: of kind `append` with the key in
 * place of the channel, and `foreign` where they are for no channel: without a key, control records, aborted transactions.
 *
 * Traps: none is left out, and where the broker took some away (compaction) a `foreign` one stands at the last of those
 * offsets, so that reading always gets on.
 */
export interface BoundPartition {
  /** As `Broker.fetch`; an `offset` far above the end is how the end is asked for. Rejects once the topic is another one. */
  fetch(offset: number, maxCount: number, waitMs: number): Promise<Fetched>;
  /** What it is written by; `undefined`: it is only read. */
  readonly writer: BoundWriter | undefined;
}

/** How nodes write into a partition of a topic of others. */
export interface BoundWriter {
  /** Which partition it is, as marks name it: unlike any other one of any topic, and for ever. */
  readonly origin: string;
  /** As `Broker.produce`; the records are those of `markHeaders`, under their channel as the key. */
  produce(records: readonly MarkedRecord[]): Promise<void>;
  /** Why a payload cannot be written; `undefined`: it can. */
  refuse(payload: Payload): string | undefined;
}

/** A topic as it was found: it stays this one until it is closed. */
export interface BoundTopic {
  /**
   * What tells it from another one of the same name: a position in it means nothing in any other. It holds whatever decides where
   * a key's records lie: the broker's own identity of the topic and the number of partitions.
   */
  readonly identity: string;
  readonly partitions: readonly BoundPartition[];
  /** The partition in which the records of a key are. */
  partitionOf(key: string): number;
  /** The identity of the topic that has the name now. Rejects when the broker does not answer, or there is none. */
  identify(): Promise<string>;
  /** A record of a channel that is followed lies where its key is not looked for. */
  onMisplaced(key: string, partition: number): void;
  /** Requests under way reject. */
  close(): void;
}

/** A topic that is bound to channels, as an adapter gives it to `withTopics`. */
export interface TopicBinding {
  /** Of the topic: unlike that of any other one of this log, the same on all nodes, and fit for a channel's name. */
  readonly name: string;
  /** The key of a channel's records; `undefined` when the binding is not for it. */
  readonly keyOf: (channel: string) => string | undefined;
  /** Connects. Rejects with `log-unavailable` when the broker does not answer, or there is no such topic. */
  open(ports: BrokerPorts): Promise<BoundTopic>;
}

/** Settings of bound topics; times in milliseconds. */
export interface BoundTopicSettings {
  /**
   * Offsets of a partition that history reaches back, by scan; what lies below counts as gone. Where clients publish into a topic it is part of the
   * rule, and the same on all nodes: producers are remembered as long, and as much is read when a node starts. Default 100,000.
   */
  readonly historyOffsets?: number;
  /** Channels of one binding that are followed at the same time at most. Default 100,000. */
  readonly maxBoundFollowed?: number;
  /** How often it is asked whether the topic is still the same one. Default 2,000. */
  readonly identifyMs?: number;
}

/** All settings, for {@link BoundTopicSettings}. */
export const boundTopicDefaults: Required<BoundTopicSettings> = {
  historyOffsets: 100_000,
  maxBoundFollowed: 100_000,
  identifyMs: 2_000,
};
