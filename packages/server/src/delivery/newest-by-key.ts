import type { Entry } from "@hawser/log";
import { assert, messageCost } from "@hawser/protocol";
import type { Interval } from "@hawser/protocol";
import type { Run } from "./tail.ts";

interface Slot {
  readonly offset: number;
  /** `undefined`: a newer entry of its key has come. */
  entry: Entry | undefined;
  /** The offset of the newest entry ahead of it that was left out, and whose slot is gone; 0: none. */
  leftOut: number;
}

/** Slots without an entry that are not worth clearing away. */
const leastIdle = 64;

/**
 * A conflated channel as its cursors see it: of each key the newest entry, and all entries without a key, in the log's order
 * (SUB-17). What it holds is all that may not be left out of `(from, to]`. Bounded in bytes; what leaves at the old end is
 * still in the log.
 */
export class NewestByKey {
  #slots: Slot[] = [];
  /** Index of the oldest slot; what lies before it has left. */
  #first = 0;
  readonly #byKey = new Map<string, Slot>();
  #idle = 0;
  #cost = 0;
  #from: number;
  #to: number;
  readonly #maxCost: number;
  /** The run that was taken last, for those who come to the same cursor before there is more. */
  #taken: { readonly run: Run; readonly maxCost: number } | undefined;

  constructor(end: number, maxCost: number) {
    this.#from = end;
    this.#to = end;
    this.#maxCost = maxCost;
  }

  get from(): number {
    return this.#from;
  }

  get cost(): number {
    return this.#cost;
  }

  /** Takes what the log's follower brought; intervals are contiguous. Returns by how much the cost changed. */
  append(entries: readonly Entry[], interval: Interval): number {
    assert(
      interval.from === this.#to,
      `a follower's interval begins at ${interval.from}, the index ends at ${this.#to}`,
    );
    const before = this.#cost;
    for (const entry of entries) this.#add(entry);
    this.#to = interval.to;
    this.#taken = undefined;
    this.shrink(this.#maxCost);
    return this.#cost - before;
  }

  /** Frees memory down to `maxCost`, the oldest first; the newest entry stays. Returns by how much the cost changed. */
  shrink(maxCost: number): number {
    const before = this.#cost;
    while (this.#cost > maxCost && this.#first < this.#slots.length - 1) this.#dropOldest();
    this.#clearAway();
    return this.#cost - before;
  }

  /**
   * The entries behind `cursor` whose cost adds up to at most `maxCost`, at least one; to the end if they fit. `cursor`
   * lies in `[from, to)`.
   */
  take(cursor: number, maxCost: number): Run {
    assert(
      cursor >= this.#from && cursor < this.#to,
      `cursor ${cursor} outside the index (${this.#from}, ${this.#to}]`,
    );
    const taken = this.#taken;
    if (taken !== undefined && taken.run.from === cursor && taken.maxCost === maxCost) return taken.run;
    const run = this.#cut(cursor, maxCost);
    this.#taken = { run, maxCost };
    return run;
  }

  /** A run of the log or the tail without what is not the newest of its key, there or here. */
  conflate(run: Run): Run {
    const newest = new Map<string, number>();
    for (const { key, offset } of run.entries) if (key !== "") newest.set(key, offset);
    for (const key of newest.keys()) {
      const known = this.#byKey.get(key);
      if (known !== undefined) newest.set(key, Math.max(known.offset, newest.get(key)!));
    }
    const entries = run.entries.filter(({ key, offset }) => key === "" || newest.get(key) === offset);
    return entries.length === run.entries.length ? run : { from: run.from, to: run.to, entries, conflated: true };
  }

  #add(entry: Entry): void {
    const slot: Slot = { offset: entry.offset, entry, leftOut: 0 };
    this.#slots.push(slot);
    this.#cost += messageCost(entry.payload);
    if (entry.key === "") return;
    const former = this.#byKey.get(entry.key);
    this.#byKey.set(entry.key, slot);
    if (former?.entry === undefined) return;
    this.#cost -= messageCost(former.entry.payload);
    former.entry = undefined;
    this.#idle += 1;
  }

  #dropOldest(): void {
    const { entry, offset } = this.#slots[this.#first]!;
    this.#first += 1;
    this.#from = offset;
    if (entry === undefined) {
      this.#idle -= 1;
      return;
    }
    this.#cost -= messageCost(entry.payload);
    // What has left is the newest of its key still; but keys that are used no more would fill the memory.
    if (entry.key !== "") this.#byKey.delete(entry.key);
  }

  #cut(cursor: number, maxCost: number): Run {
    const entries: Entry[] = [];
    let cost = 0;
    let leftOut = false;
    // Above what is taken nothing counts as left out.
    let leftOutSince = false;
    for (let index = this.#indexBehind(cursor); index < this.#slots.length; index += 1) {
      const slot = this.#slots[index]!;
      leftOutSince ||= slot.leftOut > cursor || slot.entry === undefined;
      if (slot.entry === undefined) continue;
      cost += messageCost(slot.entry.payload);
      if (cost > maxCost && entries.length > 0) return run(cursor, entries.at(-1)!.offset, entries, leftOut);
      entries.push(slot.entry);
      leftOut ||= leftOutSince;
      leftOutSince = false;
    }
    return run(cursor, this.#to, entries, leftOut);
  }

  #indexBehind(cursor: number): number {
    let low = this.#first;
    let high = this.#slots.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#slots[middle]!.offset <= cursor) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Clears slots away that have no entry, when they are more than those that have. */
  #clearAway(): void {
    const held = this.#slots.length - this.#first;
    if (this.#idle < leastIdle && this.#first < leastIdle) return;
    if (2 * this.#idle < held && this.#first < held) return;
    const kept: Slot[] = [];
    let leftOut = 0;
    for (let index = this.#first; index < this.#slots.length; index += 1) {
      const slot = this.#slots[index]!;
      if (slot.entry === undefined) {
        leftOut = slot.offset;
        continue;
      }
      if (leftOut > 0) slot.leftOut = leftOut;
      leftOut = 0;
      kept.push(slot);
    }
    this.#slots = kept;
    this.#first = 0;
    this.#idle = 0;
  }
}

function run(from: number, to: number, entries: readonly Entry[], conflated: boolean): Run {
  return conflated ? { from, to, entries, conflated } : { from, to, entries };
}
