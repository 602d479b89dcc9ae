import type { Timers } from "@hawser/protocol";
import type { Channel, ChannelModel, ConsumeMessage } from "amqplib";
import { declareStream } from "./stream-settings.ts";
import type { StreamDeclaration } from "./stream-settings.ts";
import { unavailable } from "./paced-connection.ts";

/** How the messages of a stream are read. */
export interface MessageReading<Placed extends { readonly offset: number }> {
  /** Offsets of each message: those of the first one of a stream are from 1 through this. */
  readonly perMessage: number;
  /** What a message holds, in order; nothing of one that has no offset. */
  readonly read: (message: ConsumeMessage) => readonly Placed[];
}

interface Delivered<Placed> {
  readonly placed: Placed;
  readonly message: ConsumeMessage;
}

/**
 * A running consumer of a stream: it reads ahead of those who take from it, as far as its prefetch allows, and is credited
 * anew with what was taken. What was taken last stays, so that it can be asked for once more.
 */
export class StreamCursor<Placed extends { readonly offset: number }> {
  /** How many wait for it or take from it. */
  uses = 0;
  /** How many records it is given that were not taken from it yet. */
  readonly prefetch: number;
  readonly #channel: Channel;
  readonly #stream: string;
  readonly #timers: Timers;
  readonly #reading: MessageReading<Placed>;
  #delivered: Delivered<Placed>[] = [];
  /** All records at or above it that it was given are here. */
  #from: number;
  #last = 0;
  #givenTag = 0;
  #ackedTag = 0;
  #mayHaveMore = false;
  #ended = false;
  #waiters: readonly (() => void)[] = [];

  private constructor(
    channel: Channel,
    stream: string,
    from: number,
    prefetch: number,
    timers: Timers,
    reading: MessageReading<Placed>,
  ) {
    this.#reading = reading;
    this.prefetch = prefetch;
    this.#channel = channel;
    this.#stream = stream;
    this.#from = from;
    this.#timers = timers;
  }

  /**
   * Begins to consume; what the stream has then is there when this resolves, as far as the prefetch reaches.
   *
   * @param at an offset in our count, or the first or last ones that the stream has.
   */
  static async open<Placed extends { readonly offset: number }>(
    model: ChannelModel,
    declaration: StreamDeclaration,
    at: number | "first" | "last",
    prefetch: number,
    timers: Timers,
    reading: MessageReading<Placed>,
  ): Promise<StreamCursor<Placed>> {
    const channel = await model.createChannel();
    const cursor = new StreamCursor(
      channel,
      declaration.name,
      typeof at === "number" ? at : 1,
      prefetch,
      timers,
      reading,
    );
    // The error is that of the call that fails by it.
    channel.on("error", () => {});
    channel.on("close", () => cursor.#end());
    try {
      await declareStream(channel, declaration);
      await channel.prefetch(prefetch);
      const offset = typeof at === "number" ? cursor.#messageOf(at) : at;
      const onMessage = (message: ConsumeMessage | null): void => cursor.#take(message);
      await channel.consume(declaration.name, onMessage, { arguments: { "x-stream-offset": offset } });
      await cursor.settled();
      return cursor;
    } catch (error) {
      cursor.close();
      throw error;
    }
  }

  /** It was closed, or the broker ended it, as it does when the stream is deleted. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Offset of the newest record that it was given; 0: none. */
  get last(): number {
    return this.#last;
  }

  /**
   * Whether the broker may hold records back that are not new: it was out of credit since it was {@link settled} last, and what it was
   * credited with since may be on its way.
   */
  get mayHaveMore(): boolean {
    return this.#mayHaveMore;
  }

  /** Whether what the stream has at and above `offset` is what it has or will be given. */
  covers(offset: number): boolean {
    if (this.#ended || offset < this.#from) return false;
    return this.#messageOf(offset) <= Math.max(this.#messageOf(this.#last) + 1, this.#messageOf(this.#from));
  }

  /** How many records at or above `offset` are here. */
  count(offset: number): number {
    const index = this.#delivered.findIndex(({ placed }) => placed.offset >= offset);
    return index < 0 ? 0 : this.#delivered.length - index;
  }

  /** Takes the oldest records at or above `offset`. Those below it are not kept. */
  take(offset: number, maxCount: number): readonly Placed[] {
    this.skipTo(offset);
    const taken = this.#delivered.slice(0, maxCount);
    this.#ack(taken.at(-1));
    return taken.map(({ placed }) => placed);
  }

  /** Lets go of what is below `offset`, which makes room for what follows. */
  skipTo(offset: number): void {
    const index = this.#delivered.findIndex(({ placed }) => placed.offset >= offset);
    const below = index < 0 ? this.#delivered.length : index;
    this.#ack(this.#delivered[below - 1]);
    if (below > 0) this.#delivered = this.#delivered.slice(below);
    this.#from = Math.max(this.#from, offset);
  }

  /**
   * Resolves when all that the stream has now is here, as far as the prefetch reaches: the broker answers this behind
   * what it had to deliver.
   */
  async settled(): Promise<void> {
    await this.#channel.checkQueue(this.#stream);
    if (this.#ended) throw unavailable(`the consumer of ${this.#stream} was ended`);
    this.#mayHaveMore = this.#isOutOfCredit;
  }

  /** Resolves when a record above `offset` is here, when it ended, or when the time is over. */
  arrival(offset: number, waitMs: number): Promise<void> {
    if (this.#last > offset || this.#ended) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.#timers.after(waitMs, () => {
        this.#waiters = this.#waiters.filter((waiter) => waiter !== wake);
        resolve();
      });
      const wake = (): void => {
        timer.cancel();
        resolve();
      };
      this.#waiters = [...this.#waiters, wake];
    });
  }

  close(): void {
    if (this.#ended) return;
    this.#end();
    this.#channel.close().catch(() => {});
  }

  #take(message: ConsumeMessage | null): void {
    if (message === null) {
      this.close();
      return;
    }
    this.#givenTag = message.fields.deliveryTag;
    if (this.#isOutOfCredit) this.#mayHaveMore = true;
    for (const placed of this.#reading.read(message)) {
      // The broker delivers whole chunks to some consumers, and may repeat what it delivered before.
      if (placed.offset < this.#from || placed.offset <= this.#last) continue;
      this.#delivered.push({ placed, message });
      this.#last = placed.offset;
    }
    this.#wake();
  }

  get #isOutOfCredit(): boolean {
    return this.#givenTag - this.#ackedTag >= this.prefetch;
  }

  /** By the count of the broker, which begins at 0. */
  #messageOf(offset: number): number {
    return Math.floor((offset - 1) / this.#reading.perMessage);
  }

  #ack(delivered: Delivered<Placed> | undefined): void {
    if (delivered === undefined || this.#ended) return;
    const { deliveryTag } = delivered.message.fields;
    if (deliveryTag <= this.#ackedTag) return;
    this.#ackedTag = deliveryTag;
    this.#channel.ack(delivered.message, true);
  }

  #end(): void {
    this.#ended = true;
    this.#delivered = [];
    this.#wake();
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }
}
