import type { Random } from "@hawser/protocol";

/** The random delays between attempts to connect. */
export interface BackoffOptions {
  /** Upper bound of the first delay. Default 500. */
  readonly minMs: number;
  /** Upper bound of every delay. Default 30,000. */
  readonly maxMs: number;
}

/** What stands for options that are not given. */
export const defaultBackoff: BackoffOptions = { minMs: 500, maxMs: 30_000 };

/**
 * Delays before the next try: full jitter, a number drawn evenly from 0 to a bound that doubles with each failure, up
 * to a cap. So that clients that lost the same node do not come back in the same moment.
 */
export class Backoff {
  readonly #options: BackoffOptions;
  readonly #random: Random;
  /** How often `next` was asked since the last reset. */
  failures = 0;

  constructor(options: BackoffOptions, random: Random) {
    this.#options = options;
    this.#random = random;
  }

  /**
   * Counts a failure and draws the delay after it.
   *
   * @param atLeastMs what the server asked for; the jitter comes on top of it, so that those whom it told the same do
   * not come together.
   */
  next(atLeastMs = 0): number {
    const { minMs, maxMs } = this.#options;
    const bound = Math.min(maxMs, minMs * 2 ** Math.min(this.failures, 52));
    this.failures += 1;
    return atLeastMs + this.#random.number() * bound;
  }

  /** After success that has lasted. */
  reset(): void {
    this.failures = 0;
  }
}
