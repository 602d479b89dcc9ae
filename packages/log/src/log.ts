import type { Clock, Interval, Payload, Random, Timers } from "@hawser/protocol";

/** One entry of a channel. `payload` is `undefined` for a hole: the entry exists but cannot be carried. */
export interface Entry {
  /** Above that of the entry before it; need not be contiguous. From 1 to 2^53 - 1. */
  readonly offset: number;
  /** Milliseconds since 1970, as the log took it. Need not rise. */
  readonly time: number;
  readonly payload: Payload | undefined;
  /** Conflation key, "" for none. */
  readonly key: string;
  /** User who published it, "" for the application. */
  readonly publisher: string;
}

/** Where an epoch began: entries above `start` were appended in it, up to the next epoch's start. */
export interface EpochStart {
  readonly epoch: number;
  /** Never above the channel's end, so that a position that is carried back to it is one of this log. */
  readonly start: number;
}

/** What is known of a channel's log at one moment. A channel that never had an entry has end 0 and floor 0. */
export interface Head {
  /** The current epoch; the same as that of the last element of `lineage`. */
  readonly epoch: number;
  /** Everything at or below it may be gone. */
  readonly floor: number;
  /** Offset of the newest entry, or the floor if there is none above it. */
  readonly end: number;
  /**
   * The epochs that the log went through, as far as it knows, rising: also those in which nothing was appended to the
   * channel, which began where the next one did. A position of any other epoch cannot be carried over.
   */
  readonly lineage: readonly EpochStart[];
}

/** A page of entries. All entries of `interval` that still exist are in it. */
export interface Page {
  readonly epoch: number;
  readonly floor: number;
  /**
   * Forward: `from` is what was asked for, or the floor if that is higher; without `more`, `to` is the end (or `from`, if
   * that lies above it: such a page is empty and says nothing). Backward: `to` is what was asked for, no higher than the
   * end and no lower than the floor; without `more`, `from` is the floor.
   */
  readonly interval: Interval;
  readonly entries: readonly Entry[];
  /** Entries exist beyond the page, in the direction of the read. */
  readonly more: boolean;
}

export interface Append {
  readonly channel: string;
  /** Who de-duplicates: opaque, at most 200 bytes of UTF-8. "": no de-duplication, sequence and previous are 0. */
  readonly producer: string;
  readonly sequence: number;
  /** The sequence that must be the last accepted one from this producer in this channel. */
  readonly previous: number;
  /** May be a part of a larger buffer, which a log that keeps it must not keep alive. It does not change. */
  readonly payload: Payload;
  readonly key: string;
  readonly publisher: string;
}

/** What became of one append. `failed` means that the outcome is not known, or with `log-full` that it was not appended. */
export type AppendOutcome =
  | { readonly kind: "accepted"; readonly epoch: number; readonly offset: number }
  /** `epoch` and `offset` are 0 when the position of this sequence is no longer known. */
  | { readonly kind: "duplicate"; readonly epoch: number; readonly offset: number }
  | { readonly kind: "out-of-order"; readonly last: number }
  | { readonly kind: "producer-unknown" }
  | { readonly kind: "failed"; readonly code: "log-unavailable" | "log-full"; readonly message: string };

export type Durability =
  /** Acknowledged when it is in memory. Lost with the process. */
  | "memory"
  /** Acknowledged when it outlives the process (`kill -9`). */
  | "commit"
  /** Acknowledged when it outlives the machine's power. */
  | "flush";

/** What a channel asks of its log. */
export interface LogPolicy {
  readonly durability: Durability;
  /** How many entries are kept at least for resume; 0 for none: an ephemeral channel, only ordered. */
  readonly retainCount: number;
  /** Sum of payload bytes that is kept at most; the newest entry is kept whatever its size. */
  readonly retainBytes: number;
  /** How long an entry is kept at most. */
  readonly retainAgeMs: number;
  /** How long the log remembers a producer after its last append. */
  readonly deduplicateMs: number;
}

export interface LogCapabilities {
  readonly name: string;
  readonly durabilities: readonly Durability[];
  /** Whether `producer`, `sequence` and `previous` are held to. */
  readonly deduplicates: boolean;
  /** `indexed`: reading from any offset costs the same. `scan`: it costs what lies between. */
  readonly history: "indexed" | "scan" | "none";
  /** Whether channels with `retainCount` 0 are ordered. */
  readonly ephemeral: boolean;
}

export interface LogOpenOptions {
  /** Called once per channel that the log meets; the answer does not change while the log is open. */
  readonly policyOf: (channel: string) => LogPolicy;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  /** A follower's handler threw: a bug of the follower's, which neither the log nor other followers feel. Default: ignored. */
  readonly onFollowerError?: (error: unknown, channel: string) => void;
}

export interface ReadOptions {
  /** At most this many entries; 1 or more. */
  readonly maxCount: number;
  /** Stop behind the entry with which the sum of payload bytes reaches this. At least one entry is returned. */
  readonly maxBytes: number;
}

export interface FollowHandlers {
  /**
   * Entries of `(interval.from, interval.to]`, in order; intervals are contiguous from the `end` that `follow` gave,
   * or that `onEpoch` gave last.
   * An interval may hold no entry. Called after the entries are as durable as their policy promises, never during a
   * call of the follower's own. All entries are given, also those that a trim took in the meantime, and those of an
   * ephemeral channel, whose floor is its end: `onFloor` comes behind them, and is no reason to drop what was given.
   */
  onEntries(entries: readonly Entry[], interval: Interval): void;
  /** Everything at or below it may be gone. Rises. */
  onFloor(floor: number): void;
  /**
   * The channel has a new epoch, by loss, re-creation or because its end went back; or, in the same epoch, entries were
   * trimmed before the log could give them. What follows starts at `head.end`.
   */
  onEpoch(head: Head): void;
  /** The log cannot be followed now (`false`), or can again (`true`). Nothing is skipped. */
  onAvailable?(available: boolean): void;
}

export interface Follower {
  /** The head at which following began: the first interval starts at its `end`. */
  readonly head: Head;
  close(): void;
}

/**
 * What stores channels: the port that every log adapter implements. `@hawser/log/conformance` tests an adapter.
 *
 * Traps: an append that timed out may be appended later, or twice; the adapter decides by (producer, sequence, previous)
 * and by nothing else. Followers are fed in the log's own order and never by an acknowledgement. A trim that the
 * broker does by itself must move the floor in the same step, or the floor that is reported is the worst case.
 */
export interface Log {
  readonly capabilities: LogCapabilities;
  /** Before anything else, once. Rejects with a `HawserError` (`log-locked`, `log-corrupt`, `log-foreign`, `log-full`, ...). */
  open(options: LogOpenOptions): Promise<void>;
  /**
   * Appends in order, each by the rule of PUB-1 to PUB-4; answers in the same order. Never rejects: what went wrong is
   * an outcome `failed`. Calls may overlap; appends of one channel and producer take the order of the calls.
   */
  append(appends: readonly Append[]): Promise<readonly AppendOutcome[]>;
  /** The head as the log itself has it now, not as a reader of this node last saw it. */
  head(channel: string): Promise<Head>;
  /** The oldest entries of `(after, ...]`. Rejects with `log-unavailable` when the log does not answer. */
  read(channel: string, after: number, options: ReadOptions): Promise<Page>;
  /** The newest entries of `(..., through]`; `through` above the end stands for the end. */
  readBackward(channel: string, through: number, options: ReadOptions): Promise<Page>;
  /** From the end on. One follower per channel and node is enough: the node shares it. */
  follow(channel: string, handlers: FollowHandlers): Promise<Follower>;
  /** Ends followers, waits for appends under way, frees what was opened. */
  close(): Promise<void>;
}
