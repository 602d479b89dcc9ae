import type { Follower, FollowHandlers, Head, LogOpenOptions } from "@hawser/log";
import { BoundFeeds, Condition } from "@hawser/log/broker";
import type { ConsumerMessages } from "@nats-io/jetstream";
import { unavailable } from "../connection/nats-connection.ts";
import type { Connection } from "../connection/nats-connection.ts";
import { deliveredMessage, readerConfig } from "../read/delivered.ts";
import { suspicious } from "../read/tail.ts";
import { boundEntry } from "./bindings.ts";
import { epochOf } from "./bound-stream.ts";
import type { BoundStream } from "./bound-stream.ts";

/** What a reader needs. */
export interface BoundReaderOptions {
  readonly stream: BoundStream;
  readonly connection: Connection;
  readonly ports: LogOpenOptions;
  readonly maxFollowed: number;
  readonly timeoutMs: number;
}

const maxAhead = 256;
const heartbeatMs = 2_500;
const pauseMs = 100;
/** How often a head is asked for while the reader begins anew under it. */
const maxHeads = 8;

/** The one reader of a binding's new messages on this node: a consumer of all its subjects, for all channels that are followed. */
export class BoundReader {
  readonly #options: BoundReaderOptions;
  /** By their subjects. */
  readonly #feeds: BoundFeeds;
  /** Of how far it was read. */
  readonly #reading: Condition;
  #messages: ConsumerMessages | undefined;
  /** All that came through it were read; and of which stream. */
  #position: { through: number; readonly created: string } | undefined;
  /** Counts how often that began anew. */
  #beginnings = 0;
  #isRunning = false;
  #closed = false;

  constructor(options: BoundReaderOptions) {
    this.#options = options;
    const { ports, maxFollowed } = options;
    this.#feeds = new BoundFeeds({ ports, maxFollowed, onEmpty: () => this.#messages?.stop() });
    this.#reading = new Condition(ports.timers);
  }

  async follow(name: string, subject: string, handlers: FollowHandlers): Promise<Follower> {
    // What comes while its head is asked for is noted already.
    const feed = this.#feeds.get(subject) ?? this.#feeds.create(subject, { name, at: 0, place: undefined });
    if (!this.#isRunning) void this.#run();
    return this.#feeds.holding(subject, feed, async () => {
      const head = await this.#reached(subject);
      // Those who follow it already go on from where they stand, though what lies there is trimmed.
      if (!feed.active) feed.at = Math.max(feed.at, head.end);
      const joined = { ...head, floor: Math.min(head.floor, feed.at), end: feed.at };
      return this.#feeds.join(subject, feed, handlers, joined);
    });
  }

  close(): void {
    this.#closed = true;
    this.#messages?.stop();
    this.#feeds.close();
    this.#reading.changed();
  }

  /** Reads until nothing is followed any more. */
  async #run(): Promise<void> {
    this.#isRunning = true;
    while (!this.#closed && this.#feeds.size > 0) {
      try {
        await this.#options.connection.up(this.#options.timeoutMs);
        await this.#settle();
        await this.#read();
      } catch {
        // As the next attempt will find.
      }
      this.#feeds.available(false);
      await this.#pause();
    }
    this.#position = undefined;
    this.#isRunning = false;
  }

  /** Holds where this reader stands against what the stream is now. */
  async #settle(): Promise<void> {
    const { stream } = this.#options;
    const state = await stream.state();
    const before = this.#position;
    const isSame =
      before?.created === state.created && before.through <= state.end && before.through >= state.start - 1;
    if (isSame) return;
    const isTrimmed = before?.created === state.created && before.through < state.start - 1;
    if (before !== undefined) {
      for (const [subject, feed] of this.#feeds.entries()) {
        const floor = state.start - 1;
        const head = isTrimmed ? { floor, end: floor, ...epochOf(state) } : await stream.head(subject);
        feed.epoch(head);
      }
    }
    // Only now, when all were told: where one cannot be asked for, all are once more. What came in a gap is read from the stream;
    // behind a trim there is no gap to be read.
    this.#position = { through: isTrimmed ? state.start - 1 : state.end, created: state.created };
    this.#beginnings += 1;
  }

  async #read(): Promise<void> {
    const { connection, stream } = this.#options;
    const { filter, stream: name } = stream.binding;
    const from = (this.#position?.through ?? 0) + 1;
    const config = readerConfig(from, filter);
    const made = await connection.ask(`NATS stream ${name}`, () => connection.manager.consumers.add(name, config));
    const forget = connection.onDown(() => this.#messages?.stop());
    try {
      const consumer = await connection.client.consumers.get(name, made.name);
      this.#messages = await consumer.consume({
        max_messages: maxAhead,
        idle_heartbeat: heartbeatMs,
        abort_on_missing_resource: true,
      });
      void watch(this.#messages);
      this.#feeds.available(true);
      this.#reading.changed();
      let delivered = 0;
      for await (const message of this.#messages) {
        if (message.info.deliverySequence !== (delivered += 1)) return;
        this.#take(deliveredMessage(message));
      }
    } finally {
      forget();
      this.#messages?.stop();
      this.#messages = undefined;
      if (connection.isUp) connection.manager.consumers.delete(name, made.name).catch(() => {});
    }
  }

  #take(message: ReturnType<typeof deliveredMessage>): void {
    this.#feeds.get(message.subject)?.entry(boundEntry(message, this.#options.stream.binding.kind));
    if (this.#position !== undefined) this.#position.through = message.sequence;
    this.#reading.changed();
  }

  /** A head of the stream that is read, once all through its end was. */
  async #reached(subject: string): Promise<Head> {
    for (let tries = 0; tries < maxHeads; tries += 1) {
      // One that was asked for before the reader has a place may end below it, and nobody would read what lies between.
      await this.#passed(0);
      const beginnings = this.#beginnings;
      const head = await this.#options.stream.head(subject);
      // Nothing is left at or below the floor, which may be above all that the reader was given.
      await this.#passed(head.end > head.floor ? head.end : 0);
      const isRead = this.#position !== undefined && epochOf(this.#position).epoch === head.epoch;
      if (isRead && beginnings === this.#beginnings) return head;
    }
    throw unavailable(`NATS stream ${this.#options.stream.binding.stream}`, "it begins anew all the time");
  }

  /** Resolves when all through `offset` was read. */
  async #passed(offset: number): Promise<void> {
    const isPassed = (): boolean => this.#messages !== undefined && (this.#position?.through ?? -1) >= offset;
    await this.#reading.until(() => isPassed() || this.#closed, this.#options.timeoutMs);
    if (!isPassed()) throw unavailable(`NATS stream ${this.#options.stream.binding.stream}`, "it was not read in time");
  }

  #pause(): Promise<void> {
    const { timers, random } = this.#options.ports;
    return new Promise((resolve) => void timers.after(pauseMs * (0.5 + random.number()), resolve));
  }
}

/** Ends a consumer at the first sign that it may not be what it was. */
async function watch(messages: ConsumerMessages): Promise<void> {
  for await (const { type } of messages.status()) if (suspicious.has(type)) messages.stop();
}
