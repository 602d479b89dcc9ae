import type { Clock, Random, Timer, Timers } from "@hawser/protocol";

interface Due {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
}

/** Clock, timers and randomness that stand still until a test moves them. */
export class SimulatedPorts implements Clock, Timers, Random {
  #now = 0;
  #order = 0;
  #due: Due[] = [];
  #seed = 1;

  readonly clock: Clock = this;
  readonly timers: Timers = this;
  readonly random: Random = this;
  readonly epochMs = Date.UTC(2026, 0, 1);

  now(): number {
    return this.epochMs + this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  after(delayMs: number, callback: () => void): Timer {
    const due = { at: this.#now + delayMs, order: this.#order++, callback };
    this.#due.push(due);
    return {
      cancel: () => {
        this.#due = this.#due.filter((other) => other !== due);
      },
    };
  }

  soon(callback: () => void): void {
    queueMicrotask(callback);
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => Math.floor(this.number() * 256));
  }

  number(): number {
    this.#seed = (this.#seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return this.#seed / 2_147_483_648;
  }

  /** Timers that have neither fired nor been cancelled. */
  get pending(): number {
    return this.#due.length;
  }

  /** Lets everything happen that needs no time: promises, and what was asked for `soon`. */
  settle(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  /** Lets time pass in which nothing runs, as in a process that stands still. */
  stall(ms: number): void {
    this.#now += ms;
  }

  /** Moves time on, timer by timer. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await this.settle();
    for (;;) {
      const next = this.#due.filter((due) => due.at <= until).sort((a, b) => a.at - b.at || a.order - b.order)[0];
      if (next === undefined) break;
      this.#due = this.#due.filter((due) => due !== next);
      this.#now = Math.max(this.#now, next.at);
      next.callback();
      await this.settle();
    }
    this.#now = until;
  }
}
