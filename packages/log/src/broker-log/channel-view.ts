import { ChannelFeed } from "../follow/channel-feed.ts";
import type { FollowerErrorListener } from "../follow/channel-feed.ts";
import type { Entry, EpochStart, Head, LogPolicy } from "../log.ts";
import type { AppendRecord, PlacedRecord } from "../prefix/log-record.ts";
import { EntryDeque } from "../retention/entry-deque.ts";
import { mustTrim } from "../retention/must-trim.ts";

/** What a block of the partition holds of one channel. */
export interface BlockRow {
  readonly block: number;
  count: number;
  bytes: number;
  /** Offset of its newest entry. */
  last: number;
  /** When that was appended. */
  time: number;
}

/** An entry of which only the payload's size is asked. */
export function payloadBytes({ payload }: Entry): number {
  return payload?.data.byteLength ?? 0;
}

/**
 * One channel as one node's reader sees it: its newest entries, and below those the blocks of the partition in which it has
 * older ones; and how far its followers were fed.
 */
export class ChannelView {
  readonly channel: string;
  readonly feed: ChannelFeed;
  readonly #policy: LogPolicy;
  #tail = new EntryDeque<Entry>(payloadBytes);
  /** Oldest first. */
  #rows: BlockRow[] = [];
  #rowCount = 0;
  #rowBytes = 0;
  #floor = 0;
  #end = 0;
  #fedTo = 0;

  constructor(channel: string, policy: LogPolicy, onFollowerError: FollowerErrorListener) {
    this.channel = channel;
    this.#policy = policy;
    this.feed = new ChannelFeed(onFollowerError);
  }

  /** Whether time alone will change it. */
  get ages(): boolean {
    return this.count > 0 && this.#policy.retainAgeMs !== Infinity;
  }

  /** Entries that are known, in the tail and in blocks. */
  get count(): number {
    return this.#tail.count + this.#rowCount;
  }

  /** Sum of their payload bytes. */
  get bytes(): number {
    return this.#tail.bytes + this.#rowBytes;
  }

  get floor(): number {
    return this.#floor;
  }

  get end(): number {
    return this.#end;
  }

  /** The newest entries, which are in memory. */
  get tail(): EntryDeque<Entry> {
    return this.#tail;
  }

  /** Nothing would be lost if it was forgotten. */
  get isUnused(): boolean {
    return this.#end === 0 && !this.feed.active;
  }

  /**
   * The reader starts again, with nothing of what lies at or below `end`.
   *
   * @param floor what lies at or below it may be gone.
   * @param keepsFloor the log is the same, and a floor that was told once does not fall.
   */
  restart(end: number, floor: number, keepsFloor: boolean): void {
    this.#tail = new EntryDeque<Entry>(payloadBytes);
    this.#rows = [];
    this.#rowCount = 0;
    this.#rowBytes = 0;
    this.#floor = keepsFloor ? Math.max(this.#floor, floor) : floor;
    this.#end = Math.max(end, this.#floor);
  }

  /** Followers who were not given all through `offset`, or through the floor, are told to begin anew. */
  skipLost(offset: number, lineage: readonly EpochStart[]): void {
    if (Math.max(this.#floor, Math.min(offset, this.#end)) > this.#fedTo) this.newEpoch(lineage);
  }

  /** An entry was accepted. */
  accept(entry: Entry, isFed: boolean): void {
    const { offset, time } = entry;
    this.#end = Math.max(this.#end, offset);
    this.#tail.push(entry, time);
    if (!isFed || offset <= this.#fedTo) return;
    this.feed.entry(entry, this.#fedTo);
    this.#fedTo = offset;
  }

  /** The oldest entry of the tail is no longer kept in memory: it is found in its block. */
  sink(block: number): void {
    const time = this.#tail.oldestMoment;
    const entry = this.#tail.shift();
    if (entry === undefined) return;
    const bytes = payloadBytes(entry);
    const last = this.#rows.at(-1);
    if (last?.block === block) {
      last.count += 1;
      last.bytes += bytes;
      last.last = entry.offset;
      last.time = time;
    } else {
      this.#rows.push({ block, count: 1, bytes, last: entry.offset, time });
    }
    this.#rowCount += 1;
    this.#rowBytes += bytes;
  }

  /** What a block holds that was read later than all that is known. */
  addOlder(row: BlockRow): void {
    if (row.last <= this.#floor) return;
    const first = this.#rows[0];
    if (first?.block === row.block) {
      first.count += row.count;
      first.bytes += row.bytes;
    } else {
      this.#rows.unshift(row);
    }
    this.#rowCount += row.count;
    this.#rowBytes += row.bytes;
  }

  /** The oldest block that has entries above `offset`. */
  rowAbove(offset: number): BlockRow | undefined {
    return this.#rows[lowerBound(this.#rows, ({ last }) => last > offset)];
  }

  /** The newest block at or below this one in which it has entries. */
  rowAtOrBelow(block: number): BlockRow | undefined {
    return this.#rows[lowerBound(this.#rows, (row) => row.block > block) - 1];
  }

  /** Tells followers of a new epoch, or of a new beginning in this one, from which on they are fed. */
  newEpoch(lineage: readonly EpochStart[]): void {
    const head = this.head(lineage);
    this.#fedTo = head.end;
    this.feed.epoch(head);
  }

  /**
   * Trims by the policy, at most `limit` entries. Below the tail it goes block by block: by number it keeps up to a block
   * more than is asked for, by bytes up to a block less. Returns whether more may wait.
   */
  trim(nowMs: number, limit: number): boolean {
    for (let row = this.#rows[0]; row !== undefined; row = this.#rows[0]) {
      const without = { count: this.count - row.count, bytes: this.bytes - row.bytes };
      const isOver =
        without.count >= this.#policy.retainCount || (this.bytes > this.#policy.retainBytes && without.count > 0);
      if (!isOver && nowMs - row.time < this.#policy.retainAgeMs) return false;
      this.#dropRow(row);
    }
    let left = limit;
    while (left > 0 && mustTrim(this.#policy, this.#tail, nowMs - this.#tail.oldestMoment)) {
      this.#raiseFloor(this.#tail.shift()!.offset);
      left -= 1;
    }
    return left === 0;
  }

  /**
   * The broker has trimmed what lies below `start`.
   *
   * @param blockStart gives the lowest offset of a block.
   * @param isIndexed all that the broker has left is known.
   */
  trimBelow(start: number, blockStart: (block: number) => number, isIndexed: boolean): void {
    for (let row = this.#rows[0]; row !== undefined && row.last < start; row = this.#rows[0]) this.#dropRow(row);
    for (let oldest = this.#tail.oldest; oldest !== undefined && oldest.offset < start; oldest = this.#tail.oldest) {
      this.#tail.shift();
      this.#raiseFloor(oldest.offset);
    }
    // How much is gone of a block that was trimmed in its middle, or of what was never looked at, is not known.
    const row = this.#rows[0];
    if (!isIndexed || (row !== undefined && blockStart(row.block) < start)) {
      this.#raiseFloor(Math.min(start - 1, this.#end));
    }
  }

  head(lineage: readonly EpochStart[]): Head {
    const end = this.#end;
    // Offsets are those of a log with many channels: an epoch begins, for this one, no higher than its own end.
    const own = lineage.map(({ epoch, start }) => ({ epoch, start: Math.min(start, end) }));
    return { epoch: lineage.at(-1)?.epoch ?? 0, floor: this.#floor, end, lineage: own };
  }

  /** A follower begins at the end as it is now. */
  joined(): void {
    this.#fedTo = Math.max(this.#fedTo, this.#end);
  }

  #dropRow(row: BlockRow): void {
    this.#rows.shift();
    this.#rowCount -= row.count;
    this.#rowBytes -= row.bytes;
    this.#raiseFloor(row.last);
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

/** Index of the first of them for which it holds; it holds for all behind that. */
function lowerBound(rows: readonly BlockRow[], holds: (row: BlockRow) => boolean): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(rows[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}
