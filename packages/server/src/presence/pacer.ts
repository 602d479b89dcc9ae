import type { Clock, Timer, Timers } from "@hawser/protocol";

/** Calls back when it is poked: at once after a pause, and no more often than once in an interval. */
export class Pacer {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #intervalMs: number;
  readonly #callback: () => void;
  #last = Number.NEGATIVE_INFINITY;
  #timer: Timer | undefined;

  constructor(ports: { readonly clock: Clock; readonly timers: Timers }, intervalMs: number, callback: () => void) {
    this.#clock = ports.clock;
    this.#timers = ports.timers;
    this.#intervalMs = intervalMs;
    this.#callback = callback;
  }

  poke(): void {
    if (this.#timer !== undefined) return;
    const waitMs = this.#last + this.#intervalMs - this.#clock.monotonic();
    if (waitMs > 0) this.#timer = this.#timers.after(waitMs, () => this.#fire());
    else this.#fire();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #fire(): void {
    this.#timer = undefined;
    this.#last = this.#clock.monotonic();
    this.#callback();
  }
}
