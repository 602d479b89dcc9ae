import { LatencyHistogram } from "./latency-histogram.ts";

/** How many messages may be on their way at most; a power of two. */
const ringSize = 1 << 14;
const ringMask = ringSize - 1;

/**
 * Follows every message from its publish to its last subscriber, and fails when one comes twice, out of order or not.
 * Messages are numbered from 1; a subscriber must see all of them, in order.
 */
export class DeliveryMeter {
  readonly latencies = new LatencyHistogram();
  readonly #subscribers: number;
  readonly #now: () => number;
  /** The number that each subscriber saw last. */
  readonly #seen: Uint32Array;
  readonly #sentAt = new Float64Array(ringSize);
  readonly #missing = new Int32Array(ringSize);
  #published = 0;
  #complete = 0;
  #deliveries = 0;

  constructor(subscribers: number, now: () => number) {
    this.#subscribers = subscribers;
    this.#now = now;
    this.#seen = new Uint32Array(subscribers);
  }

  /** Messages that not every subscriber has seen yet. */
  get inFlight(): number {
    return this.#published - this.#complete;
  }

  get deliveries(): number {
    return this.#deliveries;
  }

  /** The number of the message that is published now. */
  publish(): number {
    if (this.inFlight >= ringSize) throw new Error(`more than ${ringSize} messages in flight`);
    this.#published += 1;
    this.#sentAt[this.#published & ringMask] = this.#now();
    this.#missing[this.#published & ringMask] = this.#subscribers;
    return this.#published;
  }

  /** `subscriber` got message `number`, read at `now`. */
  deliver(subscriber: number, number: number, now: number): void {
    const expected = this.#seen[subscriber]! + 1;
    if (number !== expected) {
      throw new Error(`subscriber ${subscriber} got message ${number} where ${expected} was next`);
    }
    this.#seen[subscriber] = number;
    const slot = number & ringMask;
    this.latencies.record(now - this.#sentAt[slot]!);
    this.#deliveries += 1;
    // In order for each subscriber means complete in order: the count of complete messages is the last complete one.
    if ((this.#missing[slot]! -= 1) === 0) this.#complete += 1;
  }

  /** Forgets what was measured, not what is on its way. */
  restart(): void {
    this.latencies.clear();
    this.#deliveries = 0;
  }
}
