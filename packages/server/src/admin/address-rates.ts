import { TokenBucket } from "../connection/token-bucket.ts";
import { addressGroup } from "../http/address.ts";

/** Addresses that are remembered; beyond it the one that came first is forgotten. */
const maxAddresses = 1_000;

/** A rate with a burst for each address, so that one who asks too often stands in nobody else's way. */
export class AddressRates {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(perSecond: number, burst: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
  }

  /** Takes one request; else returns in how many milliseconds there may be one. */
  take(address: string, now: number): number {
    const group = addressGroup(address);
    let bucket = this.#buckets.get(group);
    if (bucket === undefined) {
      const [oldest] = this.#buckets.keys();
      if (oldest !== undefined && this.#buckets.size >= maxAddresses) this.#buckets.delete(oldest);
      this.#buckets.set(group, (bucket = new TokenBucket(this.#perSecond, this.#burst, now)));
    }
    return bucket.take(1, now);
  }
}
