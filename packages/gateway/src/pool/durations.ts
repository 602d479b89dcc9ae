/** Up to how many milliseconds each bucket counts; what took longer is counted by the total alone. */
export const durationBoundsMs = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000] as const;

/** How long something took, each time since the target is there. */
export interface DurationFigures {
  readonly count: number;
  readonly sumMs: number;
  /** Half of them, and 99 of 100, took at most about so long; 0: there was none. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** How many took at most 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1,000, 2,500, 5,000, 10,000 and 30,000 ms. */
  readonly atMost: readonly number[];
}

/** A histogram of durations, of fixed size. */
export class Durations {
  readonly #counts = durationBoundsMs.map(() => 0);
  #count = 0;
  #sumMs = 0;
  #longestMs = 0;

  observe(durationMs: number): void {
    this.#count += 1;
    this.#sumMs += durationMs;
    this.#longestMs = Math.max(this.#longestMs, durationMs);
    const index = durationBoundsMs.findIndex((bound) => durationMs <= bound);
    if (index !== -1) this.#counts[index]! += 1;
  }

  get figures(): DurationFigures {
    let below = 0;
    const atMost = this.#counts.map((count) => (below += count));
    const share = (part: number): number => this.#quantile(part, atMost);
    return { count: this.#count, sumMs: this.#sumMs, p50Ms: share(0.5), p99Ms: share(0.99), atMost };
  }

  /** Within its bucket they are taken to lie evenly, as Prometheus takes them. */
  #quantile(part: number, atMost: readonly number[]): number {
    if (this.#count === 0) return 0;
    const rank = part * this.#count;
    const index = atMost.findIndex((count) => count >= rank);
    if (index === -1) return this.#longestMs;
    const before = atMost[index - 1] ?? 0;
    const from = durationBoundsMs[index - 1] ?? 0;
    const to = Math.min(durationBoundsMs[index]!, this.#longestMs);
    return from + ((to - from) * (rank - before)) / (atMost[index]! - before);
  }
}
