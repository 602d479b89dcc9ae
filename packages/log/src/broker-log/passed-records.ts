/**
 * The identities of the records that a reader has passed last, by their offsets: by them it knows whether the log is
 * still the one that it read.
 */
export class PassedRecords {
  readonly #limit: number;
  readonly #ids = new Map<number, string>();
  #last: { readonly offset: number; readonly id: string } | undefined;

  /** @param limit records that are remembered at most. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The newest one. */
  get last(): { readonly offset: number; readonly id: string } | undefined {
    return this.#last;
  }

  /** The oldest one that is remembered; 0 if there is none. */
  get oldest(): number {
    const oldest = this.#ids.keys().next();
    return oldest.done === true ? 0 : oldest.value;
  }

  add(offset: number, id: string): void {
    this.#last = { offset, id };
    this.#ids.set(offset, id);
    if (this.#ids.size <= this.#limit) return;
    const oldest = this.#ids.keys().next();
    if (oldest.done !== true) this.#ids.delete(oldest.value);
  }

  /** All that are remembered, the oldest first. */
  offsets(): Iterable<number> {
    return this.#ids.keys();
  }

  /** Whether the record that was passed at this offset is this one. */
  has(offset: number, id: string): boolean {
    return this.#ids.get(offset) === id;
  }
}
