import type { Clock } from "@hawser/protocol";

/**
 * The log's own time, by which it tells ages: it follows the wall clock over restarts and the monotonic clock in between,
 * and never goes back, so that a clock that is set neither trims nor forgets anything too early.
 */
export class LogClock {
  readonly #clock: Clock;
  readonly #base: number;

  /** @param last the highest moment that was written down; 0 for none. */
  constructor(clock: Clock, last: number) {
    this.#clock = clock;
    this.#base = Math.max(clock.now(), last) - clock.monotonic();
  }

  /** Milliseconds; about those since 1970. */
  now(): number {
    return this.#base + this.#clock.monotonic();
  }
}
