/** A rate with a burst: tokens come at `perSecond` up to `burst`. */
export class TokenBucket {
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #at: number;

  constructor(perSecond: number, burst: number, now: number) {
    this.#perMs = perSecond / 1000;
    this.#burst = burst;
    this.#tokens = burst;
    this.#at = now;
  }

  /** Takes `count` tokens if they are there; else returns in how many milliseconds they will be. */
  take(count: number, now: number): number {
    this.#fill(now);
    if (this.#tokens >= count) {
      this.#tokens -= count;
      return 0;
    }
    return wholeMs((count - this.#tokens) / this.#perMs);
  }

  /** Takes `count` tokens even into debt; returns how long to stop for, 0 when there is none. */
  spend(count: number, now: number): number {
    this.#fill(now);
    this.#tokens -= count;
    return this.#tokens >= 0 ? 0 : wholeMs(-this.#tokens / this.#perMs);
  }

  /** Whether the whole burst is there. */
  isFull(now: number): boolean {
    this.#fill(now);
    return this.#tokens >= this.#burst;
  }

  #fill(now: number): void {
    this.#tokens = Math.min(this.#burst, this.#tokens + Math.max(0, now - this.#at) * this.#perMs);
    this.#at = now;
  }
}

/** Rounded up, but not for the sake of a fraction that is only floating point's. */
function wholeMs(ms: number): number {
  return Math.ceil(ms - 1e-6);
}
