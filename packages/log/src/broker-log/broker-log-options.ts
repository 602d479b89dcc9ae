import type { Durability } from "../log.ts";
import type { Broker } from "../prefix/broker.ts";

/** Options of `brokerLog`; times in milliseconds. */
export interface BrokerLogOptions {
  /** This node's connection to the partition. */
  readonly broker: Broker;
  /** Name for the capabilities. Default "broker". */
  readonly name?: string;
  /** What the broker's appends outlive. Default `commit`. */
  readonly durability?: Durability;
  /** Pause between two reads at the end of the log. Default 5. */
  readonly pollMs?: number;
  /** After which a record that was not seen in the log is sent again. Default 200. */
  readonly retryMs?: number;
  /** After which the outcome of an append is given up as not known. Default 10,000. */
  readonly appendTimeoutMs?: number;
  /** After which a read gives up. Default 10,000. */
  readonly readTimeoutMs?: number;
  /** How long a node that finds no checkpoint in a trimmed log waits for another node's. Default 2,000. */
  readonly checkpointWaitMs?: number;
  /** Appends between two checkpoints. Default 1,000. */
  readonly checkpointEvery?: number;
  /** Appends that wait for their outcome at most; past it they fail with `log-unavailable`. Default 100,000. */
  readonly maxPending?: number;
  /** Records in one request at most. Default 500. */
  readonly maxBatch?: number;
  /** Records whose identity is remembered, to find out how far a log went back. Default 65,536. */
  readonly maxRemembered?: number;
  /** Part of the rule: the same on all nodes. Channels with an entry at most. Default 1,000,000. */
  readonly maxChannels?: number;
  /** Part of the rule: the same on all nodes. Default 10,000. */
  readonly maxProducersPerChannel?: number;
  /** Part of the rule: the same on all nodes. Default 64. */
  readonly maxRecentPositions?: number;
  /** Part of the rule: the same on all nodes. Epochs that are remembered. Default 256. */
  readonly maxLineage?: number;
}
