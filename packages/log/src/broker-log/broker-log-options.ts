import type { BrokerSource } from "../prefix/broker.ts";

/** What a log over a broker may be told; times in milliseconds. All limits are per node, and most per partition. */
export interface BrokerLogSettings {
  /** How long a fetch at the end of the log waits for something to come. Default 1,000. */
  readonly waitMs?: number;
  /** Pause after an answer that brought nothing and did not wait. Default 5. */
  readonly pollMs?: number;
  /** The pause after a fetch that failed is drawn below a bound that begins here and doubles. Default 50. */
  readonly minBackoffMs?: number;
  /** Where that bound stops to double. Default 2,000. */
  readonly maxBackoffMs?: number;
  /** After which a record that was not seen in the log is sent again; the time doubles with each try, up to 16-fold. Default 500. */
  readonly retryMs?: number;
  /** After which the outcome of an append is given up as not known. Default 10,000. */
  readonly appendTimeoutMs?: number;
  /** After which a read gives up. Default 10,000. */
  readonly readTimeoutMs?: number;
  /** How long opening waits until what the broker has was read. Default 60,000. */
  readonly openTimeoutMs?: number;
  /** How long a node that finds no checkpoint in a trimmed log waits for another node's. Default 2,000. */
  readonly checkpointWaitMs?: number;
  /** Appends between two checkpoints of a partition; more, until they weigh eight times the last one. Default 10,000. */
  readonly checkpointEvery?: number;
  /** A node that is about to write a checkpoint waits up to as long, drawn at random, whether another one does. Default 500. */
  readonly checkpointJitterMs?: number;
  /** About how large a checkpoint may be, in bytes: it holds as many channels as fit. Default 262,144. */
  readonly maxCheckpointBytes?: number;
  /** A partition of which nothing was trimmed, and whose end lies no higher, is read whole when the log is opened. Default 50,000. */
  readonly readWhole?: number;
  /** Appends of a partition that wait for their outcome at most; past it they fail with `log-unavailable`. Default 100,000. */
  readonly maxPending?: number;
  /** Bytes of their payloads at most; past it they fail with `log-unavailable`. Default 256 MiB. */
  readonly maxPendingBytes?: number;
  /**
   * How long, in log time, a copy of an append without a producer is known as one: longer than the broker or its client may
   * hold one back. Default 120,000.
   */
  readonly plainWindowMs?: number;
  /** Channels in which this node remembers its last append without a producer; past it the next one takes two records. Default 100,000. */
  readonly maxPlainChannels?: number;
  /** Requests to append that are under way for a partition at most. Default 16. */
  readonly maxRequests?: number;
  /** Records in one request at most. Default 500. */
  readonly maxBatch?: number;
  /** Entries of a partition that are kept in memory at most; older ones are read from the broker. Default 100,000. */
  readonly maxTailRecords?: number;
  /** Sum of their payload bytes at most. Default 64 MiB. */
  readonly maxTailBytes?: number;
  /** Offsets of the blocks in which a partition is read below that, and to which its index points. Default 1,000. */
  readonly blockOffsets?: number;
  /** Payload bytes of blocks that are remembered for the next who asks, per partition. Default 32 MiB. */
  readonly maxBlockBytes?: number;
  /** Blocks of a partition that are fetched at the same time at most. Default 4. */
  readonly maxBlockFetches?: number;
  /** Records whose identity is remembered, to find out how far a log went back. Default 65,536. */
  readonly maxRemembered?: number;
  /** Part of the rule: the same on all nodes. Channels of a partition with an entry at most. Default 1,000,000. */
  readonly maxChannels?: number;
  /** Part of the rule: the same on all nodes. Default 10,000. */
  readonly maxProducersPerChannel?: number;
  /** Part of the rule: the same on all nodes. Default 64. */
  readonly maxRecentPositions?: number;
  /**
   * Part of the rule: the same on all nodes. Append records of a partition that did not count and are remembered; past it, what
   * lies at or below the oldest eighth of them is no history any more. Default 16,384.
   */
  readonly maxRefused?: number;
  /** Part of the rule: the same on all nodes. Epochs that are remembered. Default 256. */
  readonly maxLineage?: number;
}

/** Options of `brokerLog`. */
export interface BrokerLogOptions extends BrokerLogSettings {
  /** The broker. It is opened and closed with the log. */
  readonly source: BrokerSource;
}

/** All settings, for {@link BrokerLogSettings}. */
export const brokerLogDefaults: Required<BrokerLogSettings> = {
  waitMs: 1_000,
  pollMs: 5,
  minBackoffMs: 50,
  maxBackoffMs: 2_000,
  retryMs: 500,
  appendTimeoutMs: 10_000,
  readTimeoutMs: 10_000,
  openTimeoutMs: 60_000,
  checkpointWaitMs: 2_000,
  checkpointEvery: 10_000,
  checkpointJitterMs: 500,
  maxCheckpointBytes: 262_144,
  readWhole: 50_000,
  maxPending: 100_000,
  maxPendingBytes: 268_435_456,
  plainWindowMs: 120_000,
  maxPlainChannels: 100_000,
  maxRequests: 16,
  maxBatch: 500,
  maxTailRecords: 100_000,
  maxTailBytes: 67_108_864,
  blockOffsets: 1_000,
  maxBlockBytes: 33_554_432,
  maxBlockFetches: 4,
  maxRemembered: 65_536,
  maxChannels: 1_000_000,
  maxProducersPerChannel: 10_000,
  maxRecentPositions: 64,
  maxRefused: 16_384,
  maxLineage: 256,
};
