/** How far back it remembers. */
const memoryMs = 100;
/** One turn alone, such as one with a collection of garbage in it, counts for no more than this. */
const mostWeight = 0.25;

/**
 * How long a turn of the node takes: from the first connection that has something to write until all have written. As
 * long may a confirmation lie in the kernel before it is read.
 */
export class TurnTime {
  #ms = 0;
  #endedAt = 0;

  /** Of late, in milliseconds. */
  get ms(): number {
    return this.#ms;
  }

  /** A turn began and ended, in monotonic milliseconds. */
  passed(beganAt: number, endedAt: number): void {
    const weight = Math.min(mostWeight, (endedAt - this.#endedAt) / memoryMs);
    this.#ms += (endedAt - beganAt - this.#ms) * weight;
    this.#endedAt = endedAt;
  }
}
