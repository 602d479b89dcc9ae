import type { Clock, Ports, Random, Timer, Timers } from "@hawser/protocol";

interface Scheduled {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
}

/** A clock that only `advance` moves, timers that hang on it, and randomness from a seed. */
export class SimulatedPorts implements Ports {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  #now = 0;
  #order = 0;
  #scheduled: Scheduled[] = [];
  #seed: number;

  constructor(seed = 1) {
    this.#seed = seed;
    this.clock = { now: () => 1_700_000_000_000 + this.#now, monotonic: () => this.#now };
    this.timers = {
      after: (delayMs, callback) => this.#schedule(delayMs, callback),
      soon: (callback) => void this.#schedule(0, callback),
    };
    this.random = {
      bytes: (count) => Uint8Array.from({ length: count }, () => Math.floor(this.#draw() * 256)),
      number: () => this.#draw(),
    };
  }

  /** Timers that wait, of which a test may say that there are none left. */
  get pending(): number {
    return this.#scheduled.length;
  }

  /** Lets so much time pass: runs what falls due, in order, and the promises that hang on it. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await settle();
    for (;;) {
      const next = this.#scheduled
        .filter(({ at }) => at <= until)
        .sort((one, other) => one.at - other.at || one.order - other.order)[0];
      if (next === undefined) break;
      this.#scheduled = this.#scheduled.filter((scheduled) => scheduled !== next);
      this.#now = Math.max(this.#now, next.at);
      next.callback();
      await settle();
    }
    this.#now = until;
  }

  #schedule(delayMs: number, callback: () => void): Timer {
    const scheduled = { at: this.#now + delayMs, order: (this.#order += 1), callback };
    this.#scheduled.push(scheduled);
    return { cancel: () => void (this.#scheduled = this.#scheduled.filter((other) => other !== scheduled)) };
  }

  /** Mulberry32: small, and good enough for tests. */
  #draw(): number {
    this.#seed = (this.#seed + 0x6d2b79f5) | 0;
    let bits = Math.imul(this.#seed ^ (this.#seed >>> 15), 1 | this.#seed);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  }
}

/** All promises that are due have run. */
function settle(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
