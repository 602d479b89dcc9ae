import type { Entry } from "@hawser/log";
import { assert, messageCost } from "@hawser/protocol";
import type { Interval } from "@hawser/protocol";
import { PayloadBuffers } from "./payload-buffers.ts";

/**
 * A run of entries that a cursor takes in one piece: all that exist in `(from, to]`, unless it is conflated. One that a tail gave is to be used in
 * the same turn: the payloads of entries that leave the tail are overwritten.
 */
export interface Run {
  readonly from: number;
  readonly to: number;
  readonly entries: readonly Entry[];
  /** Entries are left out of which newer ones of the same key are in the log (SUB-17). */
  readonly conflated?: boolean;
}

interface Taken {
  readonly run: Run;
  readonly maxCost: number;
}

/** Runs that are remembered: a tail of the default size is cut into as many. */
const maxTaken = 16;

/**
 * The recent entries of one channel, in the log's order: all that exist in `(from, to]`. Bounded in bytes; what leaves
 * at the old end is still in the log.
 */
export class Tail {
  #entries: Entry[] = [];
  #buffers = new PayloadBuffers();
  /** Index of the oldest entry in `#entries`; what lies before it has left. */
  #first = 0;
  #cost = 0;
  #from: number;
  #to: number;
  readonly #maxCost: number;
  /** The runs that were taken last, for those who come to the same cursors before the tail grows. */
  #taken: Taken[] = [];

  constructor(end: number, maxCost: number) {
    this.#from = end;
    this.#to = end;
    this.#maxCost = maxCost;
  }

  get from(): number {
    return this.#from;
  }

  get to(): number {
    return this.#to;
  }

  get cost(): number {
    return this.#cost;
  }

  /** Takes what the log's follower brought; intervals are contiguous. Returns by how much the cost changed. */
  append(entries: readonly Entry[], interval: Interval): number {
    assert(
      interval.from === this.#to,
      `a follower's interval begins at ${interval.from}, the tail ends at ${this.#to}`,
    );
    const before = this.#cost;
    for (const entry of entries) {
      this.#entries.push(this.#buffers.hold(entry));
      this.#cost += messageCost(entry.payload);
    }
    this.#to = interval.to;
    if (this.#taken.length > 0) this.#taken = [];
    this.#shrink(this.#maxCost);
    return this.#cost - before;
  }

  /** Frees all memory: what comes next is behind its end. Returns by how much the cost changed. */
  clear(): number {
    const before = this.#cost;
    this.#entries = [];
    this.#buffers = new PayloadBuffers();
    this.#first = 0;
    this.#cost = 0;
    this.#from = this.#to;
    this.#taken = [];
    return -before;
  }

  /** Frees memory down to `maxCost`. */
  shrink(maxCost: number): number {
    const before = this.#cost;
    this.#shrink(maxCost);
    return this.#cost - before;
  }

  /**
   * The entries behind `cursor` whose cost adds up to at most `maxCost`, at least one; to the tail's end if they fit.
   * `cursor` lies in `[from, to)`. The same cursor gives the same run until the tail grows, so that runs are shared.
   */
  take(cursor: number, maxCost: number): Run {
    assert(cursor >= this.#from && cursor < this.#to, "a cursor outside the tail");
    for (const taken of this.#taken) if (taken.run.from === cursor && taken.maxCost === maxCost) return taken.run;
    const run = this.#cut(cursor, maxCost);
    if (this.#taken.length >= maxTaken) this.#taken = [];
    this.#taken.push({ run, maxCost });
    return run;
  }

  /** The offset behind which the newest `count` entries lie, or `undefined` when the tail holds fewer. */
  offsetBelowNewest(count: number): number | undefined {
    const held = this.#entries.length - this.#first;
    if (count > held) return undefined;
    if (count === held) return this.#from;
    return this.#entries[this.#entries.length - count - 1]!.offset;
  }

  #cut(cursor: number, maxCost: number): Run {
    const start = this.#indexBehind(cursor);
    let cost = 0;
    let stop = start;
    while (stop < this.#entries.length) {
      cost += messageCost(this.#entries[stop]!.payload);
      if (cost > maxCost && stop > start) break;
      stop += 1;
    }
    const to = stop === this.#entries.length ? this.#to : this.#entries[stop - 1]!.offset;
    return { from: cursor, to, entries: this.#entries.slice(start, stop) };
  }

  #indexBehind(cursor: number): number {
    let low = this.#first;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#entries[middle]!.offset <= cursor) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #shrink(maxCost: number): void {
    while (this.#cost > maxCost && this.#first < this.#entries.length - 1) {
      this.#from = this.#entries[this.#first]!.offset;
      this.#dropOldest();
    }
    this.#compact();
  }

  #dropOldest(): void {
    const oldest = this.#entries[this.#first]!;
    this.#cost -= messageCost(oldest.payload);
    this.#buffers.release(oldest);
    this.#first += 1;
  }

  #compact(): void {
    if (this.#first < 1024 && this.#first * 2 < this.#entries.length) return;
    if (this.#first === 0) return;
    this.#entries = this.#entries.slice(this.#first);
    this.#first = 0;
  }
}
