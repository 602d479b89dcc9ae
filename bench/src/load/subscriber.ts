import { performance } from "node:perf_hooks";
import type { TwinReader } from "./frame-reader.ts";
import type { MeasuredChannel, Twin } from "./measured-channel.ts";

/** A frame that a dialect has read, and found to be right in itself. */
export type Arrival = Omit<Twin, "bytes">;

interface Seat {
  readonly channel: MeasuredChannel;
  /** Which of the channel's subscribers it is. */
  readonly index: number;
  /** Where the subscription stands, for servers that say so. */
  position: number;
}

/** A client that reads some of the channels. */
export class Subscriber {
  readonly #seats = new Map<number, Seat>();

  /** `index`: which of the channel's subscribers this one is. */
  join(number: number, channel: MeasuredChannel, index: number): void {
    this.#seats.set(number, { channel, index, position: 0 });
  }

  get channels(): number[] {
    return [...this.#seats.keys()];
  }

  /** Whose frames need not be told apart. */
  get #onlyChannel(): number | undefined {
    return this.#seats.size === 1 ? this.#seats.keys().next().value : undefined;
  }

  /** Where it stands before the first message. */
  begin(channel: number, position: number): void {
    this.#seat(channel).position = position;
  }

  /** What compares the frames that come with those that others got; `channelOf` says for which channel one is. */
  twinReader(channelOf: (bytes: Buffer, start: number, end: number) => number | undefined): TwinReader {
    return {
      candidates: (bytes, start, end, compressed) => {
        const channel = compressed ? this.#onlyChannel : channelOf(bytes, start, end);
        const seat = channel === undefined ? undefined : this.#seats.get(channel);
        return seat?.channel.twinsAt(seat.channel.meter.next(seat.index)) ?? [];
      },
      take: (twin) => this.#take(twin),
    };
  }

  /** A frame was read byte by byte: it becomes what the same frame of others is compared with. */
  receive(arrival: Arrival, frame: Buffer): void {
    this.#take(arrival);
    // A frame without messages only moves the position: it is read each time.
    if (arrival.last < arrival.first) return;
    this.#seat(arrival.channel).channel.keep({ ...arrival, bytes: Buffer.from(frame) });
  }

  #take({ channel, first, last, from, to }: Arrival): void {
    const seat = this.#seat(channel);
    if (from !== seat.position) {
      throw new Error(`a batch from ${from} where the subscription to ${channel} stood at ${seat.position}`);
    }
    seat.position = to;
    if (last < first) return;
    seat.channel.meter.deliver(seat.index, first, last, performance.now());
    seat.channel.forget();
  }

  #seat(channel: number): Seat {
    const seat = this.#seats.get(channel);
    if (seat === undefined) throw new Error(`a message of channel ${channel}, which was not subscribed to`);
    return seat;
  }
}
