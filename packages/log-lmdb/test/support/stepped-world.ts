import type { Clock, Random, Timer, Timers } from "@hawser/protocol";

interface Scheduled {
  readonly due: number;
  readonly callback: () => void;
}

/** Time that passes when a test says so; randomness and the end of a turn are real, since the disk is. */
export class SteppedWorld {
  /** What the wall clock is ahead of the monotonic one. */
  skewMs = 1_800_000_000_000;
  readonly clock: Clock = { now: () => this.#now + this.skewMs, monotonic: () => this.#now };
  readonly timers: Timers = {
    after: (delayMs, callback) => this.#after(delayMs, callback),
    soon: (callback) => void setImmediate(callback),
  };
  readonly random: Random = {
    bytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
    number: () => crypto.getRandomValues(new Uint32Array(1))[0]! / 2 ** 32,
  };
  #now = 0;
  #scheduled: Scheduled[] = [];

  /** Lets time pass, timer by timer; `settle` waits for what each of them set going. */
  async advance(durationMs: number, settle: () => Promise<void>): Promise<void> {
    const until = this.#now + durationMs;
    for (;;) {
      const next = this.#scheduled.toSorted((a, b) => a.due - b.due)[0];
      if (next === undefined || next.due > until) break;
      this.#scheduled.splice(this.#scheduled.indexOf(next), 1);
      this.#now = Math.max(this.#now, next.due);
      next.callback();
      await settle();
    }
    this.#now = until;
    await settle();
  }

  #after(delayMs: number, callback: () => void): Timer {
    const scheduled = { due: this.#now + delayMs, callback };
    this.#scheduled.push(scheduled);
    return {
      cancel: () => {
        this.#scheduled = this.#scheduled.filter((other) => other !== scheduled);
      },
    };
  }
}
