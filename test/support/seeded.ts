/** Random numbers that a seed repeats (mulberry32). */
export class Seeded {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 to below 1. */
  number(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `least` to `most`, the small ones as likely as the large: evenly by its logarithm. */
  magnitude(least: number, most: number): number {
    return Math.floor(least * (most / least) ** this.number());
  }

  pick<T>(values: readonly T[]): T {
    return values[Math.floor(this.number() * values.length)]!;
  }
}
