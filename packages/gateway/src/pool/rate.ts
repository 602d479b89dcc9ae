/** New connections a second, with a burst of a second's; 0: as many as come. */
export class Rate {
  readonly #perSecond: number;
  #tokens: number;
  #at = Number.NEGATIVE_INFINITY;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
    this.#tokens = perSecond;
  }

  /** Takes one, or says in how many milliseconds there will be one. */
  take(now: number): number {
    if (this.#perSecond === 0) return 0;
    const earned = Math.max(0, now - this.#at) * (this.#perSecond / 1_000);
    this.#tokens = Math.min(this.#perSecond, this.#tokens + earned);
    this.#at = now;
    if (this.#tokens < 1) return Math.ceil(((1 - this.#tokens) * 1_000) / this.#perSecond);
    this.#tokens -= 1;
    return 0;
  }
}
