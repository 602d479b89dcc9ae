/**
 * The append records that did not count, by their offsets, with the slices of their channels. There are few of them, so
 * that who has the list and the records knows which are entries. Bounded: past the limit the oldest eighth is let go,
 * and what lies at or below those is no longer known.
 */
export class RefusedRecords {
  readonly #limit: number;
  readonly #slices = new Map<number, number>();
  #base = 0;

  /** @param limit records that are remembered at most. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** At or below it nobody knows any more what counted. */
  get base(): number {
    return this.#base;
  }

  has(offset: number): boolean {
    return this.#slices.has(offset);
  }

  add(offset: number, slice: number): void {
    this.#slices.set(offset, slice);
    if (this.#slices.size <= this.#limit) return;
    // An eighth at a time, so that a flood of them costs little each.
    let left = Math.ceil(this.#limit / 8);
    for (const oldest of this.#slices.keys()) {
      left -= 1;
      if (left > 0) continue;
      this.forget(oldest);
      return;
    }
  }

  /** What lies at or below `base` is not asked for any more. */
  forget(base: number): void {
    if (base <= this.#base) return;
    this.#base = base;
    for (const offset of this.#slices.keys()) if (offset <= base) this.#slices.delete(offset);
  }

  /** Offsets and slices, alternating, of the slices from `from` to below `to`. */
  toArray(from: number, to: number): number[] {
    const flat: number[] = [];
    for (const [offset, slice] of this.#slices) if (slice >= from && slice < to) flat.push(offset, slice);
    return flat;
  }
}
