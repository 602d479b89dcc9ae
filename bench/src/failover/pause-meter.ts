/** The longest time between two messages, as the application sees it. */
export class PauseMeter {
  #last: number | undefined;
  #longestMs = 0;

  /** A message came. */
  receive(now: number): void {
    if (this.#last !== undefined) this.#longestMs = Math.max(this.#longestMs, now - this.#last);
    this.#last = now;
  }

  /** The longest pause since the lap before, that which lasts yet with it. */
  lap(now: number): number {
    const longestMs = Math.max(this.#longestMs, this.#last === undefined ? 0 : now - this.#last);
    this.#longestMs = 0;
    if (this.#last !== undefined) this.#last = now;
    return longestMs;
  }
}
