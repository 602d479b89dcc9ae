/** What may be sent at once is what comes in this time: more would be a burst, less a timer for every message. */
const burstMs = 100;

/** How many messages a subscription may be sent now: a rate, with what a tenth of a second brings at once. */
export class DeliveryRate {
  readonly #perMs: number;
  readonly #burst: number;
  #messages: number;
  #at: number;

  /** @param perSecond - Messages, above 0. */
  constructor(perSecond: number, now: number) {
    this.#perMs = perSecond / 1_000;
    this.#burst = Math.max(1, Math.floor(this.#perMs * burstMs));
    this.#messages = this.#burst;
    this.#at = now;
  }

  /** Whole messages that may be sent now. */
  available(now: number): number {
    this.#messages = Math.min(this.#burst, this.#messages + Math.max(0, now - this.#at) * this.#perMs);
    this.#at = now;
    // What is missing by floating point alone is not missing.
    return Math.floor(this.#messages + 1e-6);
  }

  /** Whether as much may be sent at once as ever. */
  isFull(now: number): boolean {
    return this.waitMs(now) === 0;
  }

  spend(messages: number): void {
    this.#messages -= messages;
  }

  /** Milliseconds until as much may be sent at once as ever. */
  waitMs(now: number): number {
    this.available(now);
    return Math.max(0, Math.ceil((this.#burst - this.#messages) / this.#perMs - 1e-6));
  }
}
