import { LatencyHistogram } from "./latency-histogram.ts";

/** What was measured on all channels together. */
export class Tally {
  readonly latencies = new LatencyHistogram();
  deliveries = 0;
  /** Messages that not every subscriber of their channel has seen yet. */
  inFlight = 0;

  /** Forgets what was measured, not what is on its way. */
  restart(): void {
    this.latencies.clear();
    this.deliveries = 0;
  }
}

/**
 * Follows every message of one channel from its publish to its last subscriber, and fails when one comes twice, out of
 * order or not. Messages are numbered from 1; a subscriber must see all of them, in order.
 */
export class DeliveryMeter {
  readonly #tally: Tally;
  readonly #mask: number;
  /** The number that each subscriber saw last. */
  readonly #seen: Uint32Array;
  readonly #sentAt: Float64Array;
  /** How many subscribers stand at each number. */
  readonly #standing: Uint32Array;
  #published = 0;
  #complete = 0;

  /** @param maxInFlight - How many messages may be on their way at most; a power of two. */
  constructor(subscribers: number, maxInFlight: number, tally: Tally) {
    this.#tally = tally;
    this.#mask = maxInFlight - 1;
    this.#seen = new Uint32Array(subscribers);
    this.#sentAt = new Float64Array(maxInFlight);
    this.#standing = new Uint32Array(maxInFlight);
    this.#standing[0] = subscribers;
  }

  /** The message through which all subscribers have all. */
  get complete(): number {
    return this.#complete;
  }

  /** The number of the message that is published at `now`. */
  publish(now: number): number {
    if (this.#published - this.#complete >= this.#mask) throw new Error(`more than ${this.#mask} messages in flight`);
    this.#published += 1;
    this.#tally.inFlight += 1;
    this.#sentAt[this.#published & this.#mask] = now;
    return this.#published;
  }

  /** The number that the subscriber is to see next. */
  next(subscriber: number): number {
    return this.#seen[subscriber]! + 1;
  }

  /** `subscriber` got the messages from `first` to `last`, read at `now`. */
  deliver(subscriber: number, first: number, last: number, now: number): void {
    const seen = this.#seen[subscriber]!;
    if (first !== seen + 1) {
      throw new Error(`subscriber ${subscriber} got message ${first} where ${seen + 1} was next`);
    }
    if (last > this.#published) throw new Error(`message ${last} was never published`);
    this.#record(first, last, now);
    this.#seen[subscriber] = last;
    this.#standing[last & this.#mask]! += 1;
    this.#standing[seen & this.#mask]! -= 1;
    while (this.#complete < this.#published && this.#standing[this.#complete & this.#mask] === 0) {
      this.#complete += 1;
      this.#tally.inFlight -= 1;
    }
  }

  /** Messages that were published at the same time are counted together. */
  #record(first: number, last: number, now: number): void {
    const { latencies } = this.#tally;
    let sentAt = this.#sentAt[first & this.#mask]!;
    let count = 0;
    for (let number = first; number <= last; number += 1) {
      const own = this.#sentAt[number & this.#mask]!;
      if (own !== sentAt) {
        latencies.record(now - sentAt, count);
        sentAt = own;
        count = 0;
      }
      count += 1;
    }
    latencies.record(now - sentAt, count);
    this.#tally.deliveries += last - first + 1;
  }
}
