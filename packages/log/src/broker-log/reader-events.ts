import type { Clock, Random, Timers } from "@hawser/protocol";
import type { AcceptedPrefixOptions, Verdict } from "../prefix/accepted-prefix.ts";
import type { Broker } from "../prefix/broker.ts";
import type { WarmStart } from "../prefix/cold-start.ts";
import type { PlacedRecord } from "../prefix/log-record.ts";

/**
 * What a start of the reader means for those who follow. `first`: nobody does yet. `same`: the log that was read before,
 * but a part of it was trimmed unread. `other`: another epoch. `back`: the log went back, and nothing is told until it is
 * known how far.
 */
export type StartKind = "first" | "same" | "other" | "back";

/** What the reader tells the log that it reads for. */
export interface ReaderEvents {
  /** A state was found. `oldest`: what lies below it is gone. */
  onStart(start: WarmStart, kind: StartKind, oldest: number): void;
  /** A record was passed. `isTold`: its verdict may be told at once. */
  onRecord(placed: PlacedRecord, verdict: Verdict, isTold: boolean): void;
  /** All that the log has was read, and it may be told; after it was suspended, followers have to be told where they are. */
  onServing(wasSuspended: boolean): void;
  /** Records below `start` are gone. */
  onTrimmed(start: number): void;
  /** The broker does not answer, or does again, or the log is being read anew. */
  onAvailable(available: boolean): void;
}

/** Options of a {@link LogReader}; times in milliseconds. */
export interface LogReaderOptions {
  readonly broker: Broker;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly prefix: AcceptedPrefixOptions;
  /** Makes the identity of a record. */
  readonly nextId: () => string;
  /** How long a fetch waits at the end of the log for something to come. */
  readonly waitMs: number;
  readonly pollMs: number;
  readonly minBackoffMs: number;
  readonly maxBackoffMs: number;
  readonly retryMs: number;
  /** How long a reader that found no checkpoint waits for one before it declares that the log begins anew. */
  readonly checkpointWaitMs: number;
  readonly checkpointEvery: number;
  readonly checkpointJitterMs: number;
  readonly maxCheckpointBytes: number;
  /** A log of which nothing was trimmed, and whose end lies no higher, is read whole. */
  readonly readWhole: number;
  readonly maxFetch: number;
  readonly maxRemembered: number;
}
