const bucketsPerMs = 100;
const maxMs = 20_000;

/** Latencies in buckets of 10 microseconds, up to 20 seconds; what is longer counts in the last bucket. */
export class LatencyHistogram {
  readonly #buckets = new Uint32Array(bucketsPerMs * maxMs);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** `times` messages had it. */
  record(latencyMs: number, times = 1): void {
    const bucket = Math.max(0, Math.min(this.#buckets.length - 1, (latencyMs * bucketsPerMs) | 0));
    this.#buckets[bucket]! += times;
    this.#count += times;
  }

  /** The upper edge of the bucket below which `share` (0 to 1) of the latencies lie, in milliseconds; 0 without any. */
  percentile(share: number): number {
    const rank = Math.ceil(share * this.#count);
    let seen = 0;
    for (let bucket = 0; rank > 0 && bucket < this.#buckets.length; bucket += 1) {
      seen += this.#buckets[bucket]!;
      if (seen >= rank) return (bucket + 1) / bucketsPerMs;
    }
    return 0;
  }

  clear(): void {
    this.#buckets.fill(0);
    this.#count = 0;
  }
}
