import type { Clock, Random, Timer, Timers } from "@hawser/protocol";
import { seededNumbers } from "../../src/conformance/seeded-numbers.ts";

interface Scheduled {
  readonly due: number;
  readonly order: number;
  readonly callback: () => void;
  cancelled: boolean;
}

/** Turns of the microtask queue that are enough for everything that is not waiting for time. */
const quietTurns = 40;

/** Clock, timers and randomness of a test: time passes only when the test says so. */
export class SimulatedWorld {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  #now = 0;
  #order = 0;
  #steps = 0;
  #firing = false;
  #queue: Scheduled[] = [];
  /** What `clock.now` is ahead of `clock.monotonic`; a clock that steps. */
  skewMs = 1_800_000_000_000;

  constructor(seed = 1) {
    this.clock = { now: () => this.#now + this.skewMs, monotonic: () => this.#now };
    this.timers = {
      after: (delayMs, callback) => this.#after(delayMs, callback),
      soon: (callback) => void this.#after(0, callback),
    };
    const next = seededNumbers(seed);
    this.random = {
      bytes: (count) => Uint8Array.from({ length: count }, () => next(256)),
      number: () => next(2 ** 30) / 2 ** 30,
    };
  }

  /** Timers that wait. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Lets `durationMs` pass and no timer fire: the event loop was busy. */
  skipTimers(durationMs: number): void {
    this.#now += durationMs;
  }

  /** Lets `durationMs` pass, timer by timer. */
  async advance(durationMs: number): Promise<void> {
    const until = this.#now + durationMs;
    await this.quiet();
    for (let next = this.#next(); next !== undefined && next.due <= until; next = this.#next()) await this.#fire(next);
    this.#now = until;
    await this.quiet();
  }

  /** Waits for `work`, and lets time pass as far as it needs. */
  async drive<Result>(work: Promise<Result>): Promise<Result> {
    let settled = false;
    void work
      .catch(() => {})
      .then(() => {
        settled = true;
      });
    await this.quiet(() => settled);
    while (!settled) {
      // Several may be driven at once: time passes for all of them, one timer after the other.
      if (this.#firing) {
        await Promise.resolve();
        continue;
      }
      const next = this.#next();
      if (next === undefined) throw new Error("nothing is scheduled, and what is waited for has not come");
      if ((this.#steps += 1) > 2_000_000) throw new Error("what is waited for does not come");
      await this.#fire(next);
    }
    return work;
  }

  /** Runs what is ready without time passing. */
  async quiet(until: () => boolean = () => false): Promise<void> {
    for (let turn = 0; turn < quietTurns && !until(); turn += 1) await Promise.resolve();
  }

  #after(delayMs: number, callback: () => void): Timer {
    const scheduled: Scheduled = {
      due: this.#now + Math.max(0, delayMs),
      order: (this.#order += 1),
      callback,
      cancelled: false,
    };
    const at = this.#queue.findLastIndex(({ due }) => due <= scheduled.due) + 1;
    this.#queue.splice(at, 0, scheduled);
    return {
      cancel: () => {
        scheduled.cancelled = true;
        const index = this.#queue.indexOf(scheduled);
        if (index >= 0) this.#queue.splice(index, 1);
      },
    };
  }

  #next(): Scheduled | undefined {
    return this.#queue[0];
  }

  async #fire(next: Scheduled): Promise<void> {
    this.#queue.shift();
    this.#now = Math.max(this.#now, next.due);
    if (!next.cancelled) next.callback();
    this.#firing = true;
    await this.quiet();
    this.#firing = false;
  }
}
