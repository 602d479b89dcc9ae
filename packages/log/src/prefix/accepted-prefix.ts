import { decideAppend } from "../deduplication/decide-append.ts";
import { ProducerTable } from "../deduplication/producer-table.ts";
import type { EpochStart } from "../log.ts";
import type {
  AppendRecord,
  BeginRecord,
  ChannelSnapshot,
  CheckpointRecord,
  EpochRecord,
  PlacedRecord,
  PrefixSnapshot,
} from "./log-record.ts";
import { attemptOf, DeadAttempts } from "./dead-attempts.ts";
import { RefusedRecords } from "./refused-records.ts";
import { sliceCount, sliceOf } from "./slices.ts";

/** Limits that are part of the rule: all nodes of a log must have the same. */
export interface AcceptedPrefixOptions {
  /** Channels that have an entry. Past it, an append to a new one is `full`. */
  readonly maxChannels: number;
  /** Producers that are remembered per channel; past it the one quiet longest is forgotten. */
  readonly maxProducersPerChannel: number;
  /** Positions that are remembered per producer and channel. */
  readonly maxRecentPositions: number;
  /** Append records that did not count and are remembered; past it, what lies at or below the oldest is no history any more. */
  readonly maxRefused: number;
  /** Epochs that are remembered; past it the oldest is forgotten, and positions of it are unknown. */
  readonly maxLineage: number;
}

/** What the prefix says about a record. */
export type Verdict =
  | { readonly kind: "accepted"; readonly epoch: number; readonly offset: number }
  | { readonly kind: "duplicate"; readonly epoch: number; readonly offset: number }
  | { readonly kind: "out-of-order"; readonly last: number }
  | { readonly kind: "producer-unknown" }
  /** Not appended: `maxChannels` is reached. */
  | { readonly kind: "full" }
  /** Written for another epoch: it does not count and never will, and may be sent again. */
  | { readonly kind: "stale" }
  /** A new epoch. `anew`: and nothing of what came before is known any more. */
  | { readonly kind: "epoch"; readonly anew: boolean }
  /** A record that changes nothing. */
  | { readonly kind: "none" };

interface Channel {
  end: number;
  readonly producers: ProducerTable;
}

/** Attempts that are remembered in each slice because they were refused; part of the rule. */
const maxDeadPerSlice = 256;

const stale: Verdict = { kind: "stale" };
const none: Verdict = { kind: "none" };

/**
 * Which records of a log count: a function of the records that came before and of nothing else, so that every node that
 * reads the log decides alike, warm or from a checkpoint. Time is the log's: the highest time that a record had so far.
 */
export class AcceptedPrefix {
  readonly #options: AcceptedPrefixOptions;
  readonly #slices: readonly Map<string, Channel>[] = Array.from({ length: sliceCount }, () => new Map());
  readonly #dead: readonly DeadAttempts[] = Array.from({ length: sliceCount }, () => new DeadAttempts(maxDeadPerSlice));
  /** Per slice: what lies at or below it is in its state already. */
  readonly #included = new Float64Array(sliceCount);
  /** By the offset through which a checkpoint went: how many channels there were. */
  readonly #counts = new Map<number, number>();
  readonly #refused: RefusedRecords;
  #count = 0;
  #newest = "";
  #logTime = 0;
  #stateAt = 0;
  #epoch = 0;
  #lineage: readonly EpochStart[] = [];

  constructor(options: AcceptedPrefixOptions) {
    this.#options = options;
    this.#refused = new RefusedRecords(options.maxRefused);
  }

  /**
   * The state that checkpoints gave, each slice's from the one that is named for it. The records behind the oldest one's
   * `through` come next; what a slice includes already is passed over.
   *
   * @param bySlice one for each slice.
   */
  static restore(bySlice: readonly CheckpointRecord[], options: AcceptedPrefixOptions): AcceptedPrefix {
    const prefix = new AcceptedPrefix(options);
    const oldest = bySlice.reduce((one, other) => (other.through < one.through ? other : one));
    prefix.#logTime = oldest.snapshot.logTime;
    prefix.#stateAt = oldest.snapshot.stateAt;
    prefix.#epoch = oldest.snapshot.epoch;
    prefix.#lineage = oldest.snapshot.lineage;
    prefix.#count = oldest.snapshot.channelCount;
    const refused: [offset: number, slice: number][] = [];
    for (const checkpoint of new Set(bySlice)) {
      const { through, snapshot } = checkpoint;
      prefix.#counts.set(through, snapshot.channelCount);
      for (const { channel, end, producers } of snapshot.channels) {
        const slice = sliceOf(channel);
        if (bySlice[slice] !== checkpoint) continue;
        const table = prefix.#newTable();
        table.restore(producers);
        prefix.#slices[slice]!.set(channel, { end, producers: table });
      }
      for (const [slice, attempt] of snapshot.dead) {
        if (bySlice[slice] === checkpoint) prefix.#dead[slice]!.add(attempt);
      }
      for (let index = 0; index < snapshot.refused.length; index += 2) {
        const slice = snapshot.refused[index + 1]!;
        if (bySlice[slice] === checkpoint) refused.push([snapshot.refused[index]!, slice]);
      }
    }
    for (const [slice, { through }] of bySlice.entries()) prefix.#included[slice] = through;
    for (const [offset, slice] of refused.toSorted(([one], [other]) => one - other)) {
      prefix.#refused.add(offset, slice);
    }
    prefix.#refused.forget(Math.max(...bySlice.map(({ snapshot }) => snapshot.base)));
    return prefix;
  }

  /** 0 as long as the log has not begun. */
  get epoch(): number {
    return this.#epoch;
  }

  /** The epochs with the offsets of the whole log at which they began. */
  get lineage(): readonly EpochStart[] {
    return this.#lineage;
  }

  /** Offset of the newest entry of a channel; `undefined` if it has none. */
  endOf(channel: string): number | undefined {
    return this.#slices[sliceOf(channel)]!.get(channel)?.end;
  }

  /** Whether the entry that was accepted last is the first one of this channel. */
  hasBegun(channel: string): boolean {
    return this.#newest === channel;
  }

  /** What lies at or below it is no history: what of it counted is not known. */
  get base(): number {
    return this.#refused.base;
  }

  /** Whether an append record above `base` that was passed is an entry. */
  counted(offset: number): boolean {
    return offset > this.#refused.base && !this.#refused.has(offset);
  }

  /** The broker has nothing left at or below this offset. */
  trimmed(through: number): void {
    this.#refused.forget(through);
  }

  /** Takes the next record and says whether it counts. */
  apply({ offset, time, record }: PlacedRecord): Verdict {
    this.#logTime = Math.max(this.#logTime, time);
    const verdict = this.#apply(record, offset);
    const count = this.#counts.get(offset);
    if (count !== undefined) {
      this.#counts.delete(offset);
      this.#count = count;
    }
    return verdict;
  }

  #apply(record: PlacedRecord["record"], offset: number): Verdict {
    switch (record.kind) {
      case "append":
        return this.#append(record, offset);
      case "begin":
        return this.#begin(record, offset);
      case "epoch":
        return this.#newEpoch(record, offset);
      case "checkpoint":
        this.#stateAt = offset;
        return none;
      default:
        return none;
    }
  }

  /**
   * The state as plain data, for a checkpoint: of the slices from `from` on, as many as fit.
   *
   * @param maxBytes about how large it may be as JSON. A slice that is larger alone is given without the positions of
   *   sequences but the newest, which only tell where a duplicate lies.
   */
  snapshot(from: number, maxBytes: number): PrefixSnapshot {
    const channels: ChannelSnapshot[] = [];
    const dead: [slice: number, attempt: string][] = [];
    let bytes = 0;
    let to = from;
    for (; to < sliceCount; to += 1) {
      const own = this.#sliceSnapshot(to);
      const attempts = this.#dead[to]!.toArray();
      const size = attemptsBytes(attempts) + own.reduce((sum, channel) => sum + channelBytes(channel), 0);
      if (to > from && bytes + size > maxBytes) break;
      bytes += size;
      for (const attempt of attempts) dead.push([to, attempt]);
      for (const channel of size > maxBytes ? own.map(withoutPositions) : own) channels.push(channel);
    }
    return {
      logTime: this.#logTime,
      stateAt: this.#stateAt,
      epoch: this.#epoch,
      lineage: this.#lineage,
      base: this.#refused.base,
      channelCount: this.#count,
      from,
      to,
      channels,
      refused: this.#refused.toArray(from, to),
      dead,
    };
  }

  #sliceSnapshot(slice: number): ChannelSnapshot[] {
    return Array.from(this.#slices[slice]!, ([channel, { end, producers }]) => ({
      channel,
      end,
      producers: producers.toArray(this.#logTime),
    }));
  }

  #append(record: AppendRecord, offset: number): Verdict {
    const slice = sliceOf(record.channel);
    if (offset <= this.#included[slice]!) {
      return this.counted(offset) ? { kind: "accepted", epoch: record.epoch, offset } : none;
    }
    const verdict = this.#decideOnce(record, offset, slice);
    if (verdict.kind !== "accepted") this.#refused.add(offset, slice);
    return verdict;
  }

  /** Who was told that it was refused may act on it: a copy that comes late, when it would fit, is refused too. */
  #decideOnce(record: AppendRecord, offset: number, slice: number): Verdict {
    const dead = this.#dead[slice]!;
    // Its writer was told by the first one.
    if (dead.has(attemptOf(record.id))) return none;
    const verdict = this.#decide(record, offset, this.#slices[slice]!);
    if (verdict.kind === "out-of-order" || verdict.kind === "producer-unknown") dead.add(attemptOf(record.id));
    return verdict;
  }

  #decide(record: AppendRecord, offset: number, channels: Map<string, Channel>): Verdict {
    if (record.epoch !== this.#epoch || this.#epoch === 0) return stale;
    const known = channels.get(record.channel);
    const decision = decideAppend(known?.producers.find(record.producer, this.#logTime), record);
    if (decision.kind === "duplicate") {
      const at = known?.producers.offsetOf(record.producer, record.sequence);
      return at === undefined
        ? { kind: "duplicate", epoch: 0, offset: 0 }
        : { kind: "duplicate", epoch: this.#epoch, offset: at };
    }
    if (decision.kind !== "accept") return decision;
    if (known === undefined && this.#count >= this.#options.maxChannels) return { kind: "full" };
    const channel = known ?? { end: 0, producers: this.#newTable() };
    this.#newest = known === undefined ? record.channel : "";
    if (known === undefined) {
      channels.set(record.channel, channel);
      this.#count += 1;
    }
    channel.end = offset;
    if (record.producer !== "") {
      channel.producers.accept(record.producer, record.sequence, offset, this.#logTime, record.deduplicateMs);
    }
    return { kind: "accepted", epoch: this.#epoch, offset };
  }

  #begin(record: BeginRecord, offset: number): Verdict {
    const counts = record.after === "nothing" ? this.#epoch === 0 : this.#stateAt <= record.seen;
    this.#stateAt = offset;
    if (!counts) return none;
    for (const [slice, channels] of this.#slices.entries()) {
      if (this.#included[slice]! >= offset) continue;
      channels.clear();
      this.#dead[slice]!.clear();
    }
    this.#count = 0;
    if (record.after === "unknown") this.#refused.forget(offset);
    this.#epoch = record.epoch;
    this.#lineage = [{ epoch: record.epoch, start: offset }];
    return { kind: "epoch", anew: true };
  }

  #newEpoch(record: EpochRecord, offset: number): Verdict {
    if (this.#epoch === 0 || record.above !== this.#epoch || record.epoch <= this.#epoch || record.start >= offset) {
      return none;
    }
    this.#epoch = record.epoch;
    // The log may have gone back behind where epochs before this one began: a position of theirs is good up to here.
    const before = this.#lineage.map(({ epoch, start }) => ({ epoch, start: Math.min(start, record.start) }));
    this.#lineage = [...before, { epoch: record.epoch, start: record.start }].slice(-this.#options.maxLineage);
    return { kind: "epoch", anew: false };
  }

  #newTable(): ProducerTable {
    return new ProducerTable({
      // Every record brings its window.
      deduplicateMs: 0,
      maxProducers: this.#options.maxProducersPerChannel,
      maxRecentPositions: this.#options.maxRecentPositions,
    });
  }
}

/** About how large a snapshot is as JSON, in bytes. */
export function snapshotBytes({ channels, lineage, refused, dead }: PrefixSnapshot): number {
  const rest = 200 + lineage.length * 40 + refused.length * 8 + attemptsBytes(dead.map(([, attempt]) => attempt));
  return channels.reduce((sum, channel) => sum + channelBytes(channel), rest);
}

function attemptsBytes(attempts: readonly string[]): number {
  return attempts.reduce((sum, attempt) => sum + 16 + attempt.length, 0);
}

function channelBytes({ channel, producers }: ChannelSnapshot): number {
  return producers.reduce(
    (sum, { producer, recent }) => sum + 64 + producer.length + 32 * recent.length,
    48 + channel.length,
  );
}

function withoutPositions(snapshot: ChannelSnapshot): ChannelSnapshot {
  return { ...snapshot, producers: snapshot.producers.map((one) => ({ ...one, recent: one.recent.slice(-1) })) };
}
