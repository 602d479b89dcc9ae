import type { Timers } from "@hawser/protocol";

/** Those who wait for something to come true of what somebody else changes. */
export class Condition {
  readonly #timers: Timers;
  #waiting: (() => void)[] = [];

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** Resolves once it holds, or the time is over: to whether it holds. */
  async until(holds: () => boolean, timeoutMs: number): Promise<boolean> {
    let isLate = false;
    const timer = this.#timers.after(timeoutMs, () => {
      isLate = true;
      this.changed();
    });
    while (!holds() && !isLate) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    timer.cancel();
    return holds();
  }

  /** Everybody who waits looks again. */
  changed(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}
