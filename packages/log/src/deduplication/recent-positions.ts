/** A sequence and the offset at which it was accepted. */
export interface RecentPosition {
  readonly sequence: number;
  readonly offset: number;
}

/**
 * The newest accepted sequences of one producer with their offsets, so that a duplicate is answered with its position
 * (PUB-2). A ring that grows with use up to its bound; sequences rise.
 */
export class RecentPositions {
  readonly #limit: number;
  /** Sequence and offset alternate. Once full, the oldest pair stands at `#oldest`. */
  #pairs: number[] = [];
  #oldest = 0;

  /** @param limit pairs that are kept at most; with 0 no duplicate gets its position. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  add(sequence: number, offset: number): void {
    if (this.#limit === 0) return;
    if (this.#pairs.length === 0) {
      // Without room for more: most producers of most channels are seen once.
      this.#pairs = [sequence, offset];
      return;
    }
    if (this.#pairs.length < this.#limit * 2) {
      this.#pairs.push(sequence, offset);
      return;
    }
    this.#pairs[this.#oldest] = sequence;
    this.#pairs[this.#oldest + 1] = offset;
    this.#oldest = (this.#oldest + 2) % this.#pairs.length;
  }

  /** The offset at which this sequence was accepted; `undefined` when it is not, or no longer, known. */
  offsetOf(sequence: number): number | undefined {
    const count = this.#pairs.length / 2;
    let low = 0;
    let high = count - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const at = (this.#oldest + middle * 2) % this.#pairs.length;
      const found = this.#pairs[at]!;
      if (found === sequence) return this.#pairs[at + 1];
      if (found < sequence) low = middle + 1;
      else high = middle - 1;
    }
    return undefined;
  }

  /** Oldest first. */
  toArray(): RecentPosition[] {
    const positions: RecentPosition[] = [];
    for (let step = 0; step < this.#pairs.length; step += 2) {
      const at = (this.#oldest + step) % this.#pairs.length;
      positions.push({ sequence: this.#pairs[at]!, offset: this.#pairs[at + 1]! });
    }
    return positions;
  }
}
