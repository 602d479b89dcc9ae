import type { Payload } from "@hawser/protocol";
import type { EpochStart } from "../log.ts";
import type { ProducerState } from "../deduplication/producer-table.ts";

/** What nodes write into a log that cannot append on a condition. Every record that is sent has an `id` of its own. */
export type LogRecord = AppendRecord | BeginRecord | EpochRecord | CheckpointRecord | RequestRecord | ForeignRecord;

/** Somebody wants this appended; whether it counts is decided by those who read it. */
export interface AppendRecord {
  readonly kind: "append";
  /** What stands before the first "." of it names the attempt: the records of one were sent before its writer knew of any of them. */
  readonly id: string;
  /** The epoch that its writer knew. It counts in no other, so that what was sent before a loss cannot land behind it. */
  readonly epoch: number;
  readonly channel: string;
  readonly producer: string;
  readonly sequence: number;
  readonly previous: number;
  /** The producer's window, so that nodes whose policies differ for a while decide alike. */
  readonly deduplicateMs: number;
  readonly payload: Payload;
  readonly key: string;
  readonly publisher: string;
  /** Only in topics of others, where nothing but the record itself can say whether it counts. */
  readonly mark?: WriterMark;
}

/** What a node had read of a partition when it wrote a record into it: see `WindowedPrefix`. */
export interface WriterMark {
  /** Which partition: what was copied out of another one is marked for that. */
  readonly origin: string;
  /** All up to this offset. */
  readonly seen: number;
  /** Identity of the record there; "" where there was none. */
  readonly seenId: string;
  /** The sequence of the producer that counted last by then; 0: none. */
  readonly last: number;
}

/** The log begins: at its start (`nothing`), or anew, because nobody knows what came before (`unknown`). */
export interface BeginRecord {
  readonly kind: "begin";
  readonly id: string;
  /** Its writer has read up to here. If somebody began, or wrote a checkpoint, behind that, it does not count. */
  readonly seen: number;
  readonly after: "nothing" | "unknown";
  readonly epoch: number;
}

/** The log's end went back: what lies above `start` is of a new epoch. */
export interface EpochRecord {
  readonly kind: "epoch";
  readonly id: string;
  /** The epoch that it follows; in any other case somebody else was first, and it does not count. */
  readonly above: number;
  readonly epoch: number;
  readonly start: number;
}

/**
 * What has to be known of the log through a record, for readers who do not read all that came before: of the channels of
 * some slices. Checkpoints that cover all slices between them are enough to start from.
 */
export interface CheckpointRecord {
  readonly kind: "checkpoint";
  readonly id: string;
  readonly through: number;
  /** The record at `through`: a checkpoint of a branch that was cut off is known by it. */
  readonly throughId: string;
  readonly snapshot: PrefixSnapshot;
}

/** A reader found no checkpoint and asks those who know for one. */
export interface RequestRecord {
  readonly kind: "request";
  readonly id: string;
}

/** Somebody else wrote it: it does not count. Its `id` tells it from others as well as may be, by what the broker says of it. */
export interface ForeignRecord {
  readonly kind: "foreign";
  readonly id: string;
}

/** A record where the log has it. */
export interface PlacedRecord {
  /** From 1; need not be contiguous. */
  readonly offset: number;
  /** Milliseconds since 1970 by the broker's clock, which may step. */
  readonly time: number;
  readonly record: LogRecord;
}

/** A part of the state of an `AcceptedPrefix`, as plain data. */
export interface PrefixSnapshot {
  readonly logTime: number;
  /** Offset of the newest record that began the log or was a checkpoint. */
  readonly stateAt: number;
  readonly epoch: number;
  readonly lineage: readonly EpochStart[];
  /** At or below it nobody knows any more what counted. */
  readonly base: number;
  /** Channels with an entry, of all slices. */
  readonly channelCount: number;
  /** The first slice whose channels are in it, and one past the last. */
  readonly from: number;
  readonly to: number;
  readonly channels: readonly ChannelSnapshot[];
  /** Append records of those slices above `base` that did not count: offset and slice, alternating. */
  readonly refused: readonly number[];
  /** Attempts at an append to channels of those slices that were refused, with the slice: the oldest first. */
  readonly dead: readonly (readonly [slice: number, attempt: string])[];
}

/** One channel of a {@link PrefixSnapshot}. */
export interface ChannelSnapshot {
  readonly channel: string;
  /** Offset of the newest entry that was accepted. */
  readonly end: number;
  readonly producers: readonly ProducerState[];
}
