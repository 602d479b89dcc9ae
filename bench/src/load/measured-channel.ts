import { DeliveryMeter } from "./delivery-meter.ts";
import type { Tally } from "./delivery-meter.ts";

/** A frame that was read and found to be right in every byte: others at the same cursor only have to be equal to it. */
export interface Twin {
  /** The whole frame, with its header. */
  readonly bytes: Buffer;
  readonly channel: number;
  /** Its messages. */
  readonly first: number;
  readonly last: number;
  /** Where the subscription stood before and stands behind it, for servers that say so. */
  readonly from: number;
  readonly to: number;
}

const none: readonly Twin[] = [];

/** One channel of the load: who has which message, and the frames that brought them. */
export class MeasuredChannel {
  readonly meter: DeliveryMeter;
  /** By the first message; those that begin at one cursor differ where a server sent more to one than to another. */
  readonly #twins = new Map<number, Twin[]>();
  #forgotten = 0;

  constructor(subscribers: number, maxInFlight: number, tally: Tally) {
    this.meter = new DeliveryMeter(subscribers, maxInFlight, tally);
  }

  /** The frames that may come to a subscriber whose next message is `number`. */
  twinsAt(number: number): readonly Twin[] {
    return this.#twins.get(number) ?? none;
  }

  keep(twin: Twin): void {
    const twins = this.#twins.get(twin.first);
    if (twins === undefined) this.#twins.set(twin.first, [twin]);
    else twins.push(twin);
  }

  /** Lets go of the frames that nobody waits for any more. */
  forget(): void {
    const { complete } = this.meter;
    while (this.#forgotten < complete) this.#twins.delete(++this.#forgotten);
  }
}
