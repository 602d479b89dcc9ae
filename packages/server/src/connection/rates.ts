import type { Clock } from "@hawser/protocol";
import { DeliveryRate } from "../delivery/delivery-rate.ts";
import type { ChannelPolicy } from "../policy/channel-policy.ts";
import { TokenBucket } from "./token-bucket.ts";

export interface RateLimits {
  readonly framesPerSecond: number;
  readonly framesBurst: number;
  readonly presenceChangesPerSecond: number;
  readonly maxPresences: number;
}

/** How often one client may do things: over one connection, or over all the requests of a session. */
export class Rates {
  readonly #limits: RateLimits;
  readonly #clock: Clock;
  #publishes: Map<ChannelPolicy, TokenBucket> | undefined;
  #deliveries: Map<string, DeliveryRate> | undefined;
  #frames: TokenBucket | undefined;
  #presenceChanges: TokenBucket | undefined;

  constructor(limits: RateLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** So many frames came: how many milliseconds reading has to rest for, 0 when there is no need. */
  spendFrames(count: number): number {
    const { framesPerSecond, framesBurst } = this.#limits;
    this.#frames ??= new TokenBucket(framesPerSecond, framesBurst, this.#clock.monotonic());
    return this.#frames.spend(count, this.#clock.monotonic());
  }

  /** One publish to a channel of that policy; else in how many milliseconds there may be one. */
  takePublish(policy: ChannelPolicy): number {
    const { publishesPerSecond } = policy;
    if (publishesPerSecond === 0) return 0;
    const publishes = (this.#publishes ??= new Map());
    let bucket = publishes.get(policy);
    if (bucket === undefined) {
      bucket = new TokenBucket(publishesPerSecond, Math.max(1, publishesPerSecond), this.#clock.monotonic());
      publishes.set(policy, bucket);
    }
    return bucket.take(1, this.#clock.monotonic());
  }

  /**
   * What may be delivered of a channel of that policy (SUB-18), over all its grants: to ask anew gains nothing.
   * `undefined`: it is not limited.
   */
  deliveriesOf(channel: string, { deliveriesPerSecond = 0 }: ChannelPolicy): DeliveryRate | undefined {
    if (deliveriesPerSecond === 0) return undefined;
    const deliveries = (this.#deliveries ??= new Map());
    let rate = deliveries.get(channel);
    if (rate === undefined) {
      rate = new DeliveryRate(deliveriesPerSecond, this.#clock.monotonic());
      deliveries.set(channel, rate);
    }
    return rate;
  }

  /** One change of a member; else in how many milliseconds there may be one. A client that comes back enters wherever it was at once. */
  takePresenceChange(): number {
    const { presenceChangesPerSecond, maxPresences } = this.#limits;
    this.#presenceChanges ??= new TokenBucket(
      presenceChangesPerSecond,
      presenceChangesPerSecond + maxPresences,
      this.#clock.monotonic(),
    );
    return this.#presenceChanges.take(1, this.#clock.monotonic());
  }

  /** Whether everything may be done as often at once as at first: then others in its place would count the same. */
  get rested(): boolean {
    this.sweep();
    const others = this.#publishes ?? this.#deliveries;
    return this.#frames === undefined && this.#presenceChanges === undefined && others === undefined;
  }

  /** Called from time to time: a bucket that is full again is as good as none. */
  sweep(): void {
    const now = this.#clock.monotonic();
    if (this.#frames?.isFull(now) === true) this.#frames = undefined;
    if (this.#presenceChanges?.isFull(now) === true) this.#presenceChanges = undefined;
    for (const [policy, bucket] of this.#publishes ?? []) if (bucket.isFull(now)) this.#publishes?.delete(policy);
    if (this.#publishes?.size === 0) this.#publishes = undefined;
    for (const [channel, rate] of this.#deliveries ?? []) if (rate.isFull(now)) this.#deliveries?.delete(channel);
    if (this.#deliveries?.size === 0) this.#deliveries = undefined;
  }
}
