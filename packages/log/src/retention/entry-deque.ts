import type { ReadOptions } from "../log.ts";

/** Trimmed slots that are kept in front before the arrays are moved together. */
const compactAt = 1024;

/**
 * Entries in rising order of offsets, appended at the end and trimmed at the start, both in amortised constant time;
 * found by binary search, so that offsets may have holes. Beside each entry stands a moment of a clock that never
 * goes back, by which its age is told.
 */
export class EntryDeque<Item extends { readonly offset: number }> {
  readonly #sizeOf: (item: Item) => number;
  #entries: (Item | undefined)[] = [];
  #moments: number[] = [];
  #first = 0;
  #bytes = 0;

  /** @param sizeOf what an entry counts for `bytes` and `maxBytes`. */
  constructor(sizeOf: (item: Item) => number) {
    this.#sizeOf = sizeOf;
  }

  get count(): number {
    return this.#entries.length - this.#first;
  }

  /** Sum of the sizes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The oldest entry. */
  get oldest(): Item | undefined {
    return this.#entries[this.#first];
  }

  /** When the oldest entry came; 0 when there is none. */
  get oldestMoment(): number {
    return this.#moments[this.#first] ?? 0;
  }

  push(entry: Item, moment: number): void {
    if (this.#entries.length === 0) {
      // A list that grows by `push` has room for sixteen more at once, and most channels have few entries.
      this.#entries = [entry];
      this.#moments = [moment];
    } else {
      this.#entries.push(entry);
      this.#moments.push(moment);
    }
    this.#bytes += this.#sizeOf(entry);
  }

  /** Takes the oldest entry out. */
  shift(): Item | undefined {
    const entry = this.#entries[this.#first];
    if (entry === undefined) return undefined;
    this.#entries[this.#first] = undefined;
    this.#first += 1;
    this.#bytes -= this.#sizeOf(entry);
    if (this.#first >= compactAt && this.#first * 2 >= this.#entries.length) {
      this.#entries = this.#entries.slice(this.#first);
      this.#moments = this.#moments.slice(this.#first);
      this.#first = 0;
    }
    return entry;
  }

  /** The oldest entries above `after`, and whether there are more. */
  forward(after: number, options: ReadOptions): { readonly entries: readonly Item[]; readonly more: boolean } {
    const start = this.#indexAbove(after);
    let next = start;
    let bytes = 0;
    while (
      next < this.#entries.length &&
      (next === start || (next - start < options.maxCount && bytes < options.maxBytes))
    ) {
      bytes += this.#sizeOf(this.#entries[next]!);
      next += 1;
    }
    return { entries: this.#slice(start, next), more: next < this.#entries.length };
  }

  /** The newest entries at or below `through`, in rising order, and whether there are older ones. */
  backward(through: number, options: ReadOptions): { readonly entries: readonly Item[]; readonly more: boolean } {
    const end = this.#indexAbove(through);
    let next = end;
    let bytes = 0;
    while (next > this.#first && (next === end || (end - next < options.maxCount && bytes < options.maxBytes))) {
      next -= 1;
      bytes += this.#sizeOf(this.#entries[next]!);
    }
    return { entries: this.#slice(next, end), more: next > this.#first };
  }

  #slice(start: number, end: number): readonly Item[] {
    // Slots from `#first` on hold entries.
    return this.#entries.slice(start, end) as Item[];
  }

  #indexAbove(offset: number): number {
    let low = this.#first;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#entries[middle]!.offset <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
