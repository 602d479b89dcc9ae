/** Forgotten slots that are kept in front before the arrays are moved together. */
const compactAt = 1_024;

/**
 * The identities of the records that a reader has passed last, by their offsets: by them it knows whether the log is
 * still the one that it read.
 */
export class PassedRecords {
  readonly #limit: number;
  #offsets: number[] = [];
  #ids: string[] = [];
  #first = 0;

  /** @param limit records that are remembered at most. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The newest one. */
  get last(): { readonly offset: number; readonly id: string } | undefined {
    const offset = this.#offsets.at(-1);
    return offset === undefined ? undefined : { offset, id: this.#ids.at(-1)! };
  }

  /** The oldest one that is remembered; 0 if there is none. */
  get oldest(): number {
    return this.#offsets[this.#first] ?? 0;
  }

  /** Offsets rise. */
  add(offset: number, id: string): void {
    this.#offsets.push(offset);
    this.#ids.push(id);
    if (this.#offsets.length - this.#first <= this.#limit) return;
    this.#first += 1;
    if (this.#first < compactAt || this.#first * 2 < this.#offsets.length) return;
    this.#offsets = this.#offsets.slice(this.#first);
    this.#ids = this.#ids.slice(this.#first);
    this.#first = 0;
  }

  /** All that are remembered, the oldest first. */
  offsets(): Iterable<number> {
    return this.#offsets.slice(this.#first);
  }

  /** Whether the record that was passed at this offset is this one. */
  has(offset: number, id: string): boolean {
    let low = this.#first;
    let high = this.#offsets.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#offsets[middle]! < offset) low = middle + 1;
      else high = middle;
    }
    return this.#offsets[low] === offset && this.#ids[low] === id;
  }
}
