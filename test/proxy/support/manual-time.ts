import { randomBytes } from "node:crypto";
import type { Ports, Timer } from "@hawser/protocol";

interface Due {
  readonly at: number;
  readonly callback: () => void;
}

/** Time that stands still until a test moves it; randomness is the system's. */
export class ManualTime implements Ports {
  #now = 0;
  readonly #due = new Set<Due>();

  readonly clock = { now: (): number => this.#now, monotonic: (): number => this.#now };
  readonly random = { bytes: (count: number): Uint8Array => randomBytes(count), number: (): number => 0.5 };
  readonly timers = {
    after: (delayMs: number, callback: () => void): Timer => {
      const due = { at: this.#now + delayMs, callback };
      this.#due.add(due);
      return { cancel: () => void this.#due.delete(due) };
    },
    soon: (callback: () => void): void => void setImmediate(callback),
  };

  /** Timers that have neither fired nor been cancelled. */
  get pending(): number {
    return this.#due.size;
  }

  /** Moves time on; what is set meanwhile fires too, if it is due. */
  advance(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const next = [...this.#due].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#due.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.callback();
    }
    this.#now = until;
  }
}
