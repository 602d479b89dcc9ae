import { ChannelFeed } from "../follow/channel-feed.ts";
import type { FollowerErrorListener } from "../follow/channel-feed.ts";
import type { Entry, EpochStart, Head, LogPolicy, ReadOptions } from "../log.ts";
import type { AppendRecord, PlacedRecord } from "../prefix/log-record.ts";
import { EntryDeque } from "../retention/entry-deque.ts";
import { mustTrim } from "../retention/must-trim.ts";

/** Where an accepted entry lies in the log. */
export interface AcceptedRecord {
  readonly offset: number;
  readonly id: string;
  readonly bytes: number;
}

/** A page as the view knows it: the records are still to be fetched. */
export interface PlannedPage {
  readonly floor: number;
  readonly from: number;
  readonly to: number;
  readonly records: readonly AcceptedRecord[];
  readonly more: boolean;
}

/** One channel as one node's reader sees it: which records are its entries, and how far its followers were fed. */
export class ChannelView {
  readonly feed: ChannelFeed;
  readonly #policy: LogPolicy;
  #records = new EntryDeque<AcceptedRecord>((record) => record.bytes);
  #floor = 0;
  #end = 0;
  #fedTo = 0;

  constructor(policy: LogPolicy, onFollowerError: FollowerErrorListener) {
    this.#policy = policy;
    this.feed = new ChannelFeed(onFollowerError);
  }

  /** Whether time alone will change it. */
  get ages(): boolean {
    return this.#records.count > 0 && this.#policy.retainAgeMs !== Infinity;
  }

  /** Nothing would be lost if it was forgotten. */
  get isUnused(): boolean {
    return this.#end === 0 && !this.feed.active;
  }

  /**
   * The reader starts again behind `end`, with nothing of what lies below.
   *
   * @param keepsFloor the log is the same, and a floor that was told once does not fall.
   */
  restart(end: number, keepsFloor: boolean): void {
    this.#records = new EntryDeque<AcceptedRecord>((record) => record.bytes);
    this.#floor = keepsFloor ? Math.max(this.#floor, end) : end;
    this.#end = this.#floor;
  }

  /** Followers who were not given all through the floor are told that it is gone. */
  skipLost(lineage: readonly EpochStart[]): void {
    if (this.#floor > this.#fedTo) this.newEpoch(lineage);
  }

  /** An entry was accepted. */
  accept(placed: PlacedRecord, record: AppendRecord, isFed: boolean): void {
    const { offset, time } = placed;
    this.#end = offset;
    this.#records.push({ offset, id: record.id, bytes: record.payload.data.byteLength }, time);
    if (!isFed || offset <= this.#fedTo) return;
    this.feed.entry(entryOf(placed, record), this.#fedTo);
    this.#fedTo = offset;
  }

  /** Tells followers of a new epoch, or of a new beginning in this one, from which on they are fed. */
  newEpoch(lineage: readonly EpochStart[]): void {
    const head = this.head(lineage);
    this.#fedTo = head.end;
    this.feed.epoch(head);
  }

  /** Trims by the policy, at most `limit` entries. Returns whether more may wait. */
  trim(nowMs: number, limit: number): boolean {
    let left = limit;
    while (left > 0 && mustTrim(this.#policy, this.#records, nowMs - this.#records.oldestMoment)) {
      this.#raiseFloor(this.#records.shift()!.offset);
      left -= 1;
    }
    return left === 0;
  }

  /** The broker has trimmed what lies below `start`. */
  trimBelow(start: number): void {
    for (let oldest = this.#records.oldest; oldest !== undefined && oldest.offset < start;) {
      this.#records.shift();
      this.#raiseFloor(oldest.offset);
      oldest = this.#records.oldest;
    }
  }

  head(lineage: readonly EpochStart[]): Head {
    const end = this.#end;
    // Offsets are those of a log with many channels: an epoch begins, for this one, no higher than its own end.
    const own = lineage.map(({ epoch, start }) => ({ epoch, start: Math.min(start, end) }));
    return { epoch: lineage.at(-1)?.epoch ?? 0, floor: this.#floor, end, lineage: own };
  }

  /** Plans `Log.read`. */
  plan(after: number, options: ReadOptions): PlannedPage {
    const from = Math.max(after, this.#floor);
    const { entries, more } = this.#records.forward(from, options);
    const to = more ? entries.at(-1)!.offset : Math.max(this.#end, from);
    return { floor: this.#floor, from, to, records: entries, more };
  }

  /** Plans `Log.readBackward`. */
  planBackward(through: number, options: ReadOptions): PlannedPage {
    const to = Math.max(Math.min(through, this.#end), this.#floor);
    const { entries, more } = this.#records.backward(to, options);
    const from = more ? entries[0]!.offset - 1 : this.#floor;
    return { floor: this.#floor, from, to, records: entries, more };
  }

  /** A follower begins at the end as it is now. */
  joined(): void {
    this.#fedTo = Math.max(this.#fedTo, this.#end);
  }

  #raiseFloor(offset: number): void {
    if (offset <= this.#floor) return;
    this.#floor = offset;
    this.feed.floor(offset);
  }
}

/** The entry that an accepted record stands for. */
export function entryOf({ offset, time }: PlacedRecord, { payload, key, publisher }: AppendRecord): Entry {
  return { offset, time, payload, key, publisher };
}
