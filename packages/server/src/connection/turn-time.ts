/** How far back it remembers. */
const memoryMs = 100;
/** One turn alone, such as one with a collection of garbage in it, counts for no more than this. */
const mostWeight = 0.25;

/** The golden section: its multiples lie evenly between whole numbers, however many there are. */
const phaseStep = 0.618_033_988_749_895;

/**
 * How long a turn of the node takes: from the first connection that has something to write until all have written. As
 * long may a confirmation lie in the kernel before it is read.
 */
export class TurnTime {
  #ms = 0;
  #endedAt = 0;
  #phase = 0;

  /** Of late, in milliseconds. */
  get ms(): number {
    return this.#ms;
  }

  /** From 0 to 1, for each connection another: what is due for all of them now and then is so not due in one turn. */
  takePhase(): number {
    this.#phase = (this.#phase + phaseStep) % 1;
    return this.#phase;
  }

  /** A turn began and ended, in monotonic milliseconds. */
  passed(beganAt: number, endedAt: number): void {
    const weight = Math.min(mostWeight, (endedAt - this.#endedAt) / memoryMs);
    this.#ms += (endedAt - beganAt - this.#ms) * weight;
    this.#endedAt = endedAt;
  }
}
