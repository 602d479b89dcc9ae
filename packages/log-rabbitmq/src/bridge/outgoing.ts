import type { Entry, Follower, Log } from "@hawser/log";
import type { ConfirmChannel, Options } from "amqplib";
import { contentTypes } from "../content-type.ts";
import type { Cursors } from "./cursors.ts";

/** Names of the headers of what a bridge publishes, which are those of the log's records. */
const bridgeHeaders = {
  channel: "hawser-channel",
  type: "hawser-type",
  key: "hawser-key",
  user: "hawser-user",
  /** Of the entry in its channel: a message that comes twice has the same ones. */
  epoch: "hawser-epoch",
  offset: "hawser-offset",
} as const;

/** Where a message of a channel goes. */
export interface Destination {
  readonly exchange: string;
  readonly routingKey: string;
}

const page = { maxCount: 100, maxBytes: 1 << 20 } as const;

/** What {@link OutgoingChannel} works with. */
export interface OutgoingContext {
  readonly log: Log;
  readonly cursors: Cursors;
  readonly cursorEvery: number;
  readonly publishing: () => Promise<ConfirmChannel>;
  readonly destination: (entry: Entry) => Destination;
  readonly onError: (error: unknown) => void;
  /** Resolves when the next try is due. */
  readonly pause: () => Promise<void>;
}

/** Carries one channel to an exchange, in order, each message at least once. */
export class OutgoingChannel {
  readonly #context: OutgoingContext;
  readonly #channel: string;
  #follower: Follower | undefined;
  #running: Promise<void> | undefined;
  #isStale = false;
  #isClosed = false;
  #uncounted = 0;

  constructor(channel: string, context: OutgoingContext) {
    this.#channel = channel;
    this.#context = context;
  }

  /** Follows the channel, trying until the log lets it: what is there already is carried first. */
  async start(): Promise<void> {
    const wake = (): void => this.#wake();
    const handlers = { onEntries: wake, onFloor: wake, onEpoch: wake, onAvailable: wake };
    const { log, onError, pause } = this.#context;
    while (!this.#isClosed && this.#follower === undefined) {
      try {
        const follower = await log.follow(this.#channel, handlers);
        // It was closed in the meantime.
        if (this.#isClosed) follower.close();
        else this.#follower = follower;
      } catch (error) {
        if (this.#isClosed) return;
        onError(error);
        await pause();
      }
    }
    this.#wake();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#follower?.close();
    await this.#running;
  }

  #wake(): void {
    this.#isStale = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async #run(): Promise<void> {
    while (this.#isStale && !this.#isClosed) {
      this.#isStale = false;
      try {
        await this.#carry();
      } catch (error) {
        if (this.#isClosed) return;
        this.#context.onError(error);
        this.#isStale = true;
        await this.#context.pause();
      }
    }
  }

  async #carry(): Promise<void> {
    const { log, cursors, cursorEvery } = this.#context;
    let after = cursors.of(this.#channel);
    // The log went back, or is another one: its messages are new ones.
    const { end } = await log.head(this.#channel);
    if (after > end) after = 0;
    for (let more = true; more && !this.#isClosed;) {
      const found = await log.read(this.#channel, after, page);
      await this.#publish(found.entries, found.epoch);
      ({ more } = found);
      if (found.entries.length === 0) return;
      after = found.interval.to;
      this.#uncounted += found.entries.length;
      if (more && this.#uncounted < cursorEvery) continue;
      this.#uncounted = 0;
      await cursors.keep(this.#channel, after);
    }
  }

  async #publish(entries: readonly Entry[], epoch: number): Promise<void> {
    const carried = entries.filter(({ payload }) => payload !== undefined);
    if (carried.length === 0) return;
    const channel = await this.#context.publishing();
    await Promise.all(carried.map((entry) => this.#send(channel, entry, epoch)));
  }

  #send(channel: ConfirmChannel, entry: Entry, epoch: number): Promise<void> {
    const { offset, payload, key, publisher, time } = entry;
    const { exchange, routingKey } = this.#context.destination(entry);
    const properties: Options.Publish = {
      messageId: `${this.#channel} ${epoch} ${offset}`,
      timestamp: Math.floor(time / 1_000),
      contentType: contentTypes[payload!.kind],
      persistent: true,
      headers: {
        [bridgeHeaders.channel]: this.#channel,
        [bridgeHeaders.type]: payload!.kind,
        [bridgeHeaders.epoch]: String(epoch),
        [bridgeHeaders.offset]: String(offset),
        ...(key === "" ? {} : { [bridgeHeaders.key]: key }),
        ...(publisher === "" ? {} : { [bridgeHeaders.user]: publisher }),
      },
    };
    return new Promise((resolve, reject) => {
      channel.publish(exchange, routingKey, Buffer.from(payload!.data), properties, (error: unknown) => {
        if (error === null) resolve();
        else reject(error instanceof Error ? error : new Error("RabbitMQ did not take a message"));
      });
    });
  }
}
