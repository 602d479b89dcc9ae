/** After so long an old measurement counts for a third. */
const decayMs = 10_000;

/**
 * A moving average that takes a peak at once and forgets it slowly, so that a target that has become slow is felt with
 * the first connection that is (the peak EWMA of Finagle).
 */
export class PeakEwma {
  #value: number | undefined;
  #at = 0;

  /** In milliseconds; `undefined` before the first measurement. */
  get value(): number | undefined {
    return this.#value;
  }

  observe(latencyMs: number, now: number): void {
    if (this.#value === undefined || latencyMs > this.#value) this.#value = latencyMs;
    else {
      const kept = Math.exp(-Math.max(0, now - this.#at) / decayMs);
      this.#value = this.#value * kept + latencyMs * (1 - kept);
    }
    this.#at = now;
  }
}
