import { TokenBucket } from "../connection/token-bucket.ts";

/** A rate with a burst for the keys of each name, of which a server has few. */
export class KeyRates {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(perSecond: number, burst: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
  }

  /** Takes so many operations; else returns in how many milliseconds there may be so many. */
  take(name: string, operations: number, now: number): number {
    let bucket = this.#buckets.get(name);
    if (bucket === undefined) this.#buckets.set(name, (bucket = new TokenBucket(this.#perSecond, this.#burst, now)));
    return bucket.take(operations, now);
  }
}
