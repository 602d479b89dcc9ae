import { ChannelFeed, FeedPump } from "@hawser/log";
import type { Follower, FollowHandlers, Head, LogOpenOptions } from "@hawser/log";
import { HawserError } from "@hawser/protocol";
import type { Timer } from "@hawser/protocol";
import type { ConsumerMessages } from "@nats-io/jetstream";
import { unavailable } from "../connection/nats-connection.ts";
import type { Connection } from "../connection/nats-connection.ts";
import { deliveredMessage, readerConfig } from "../read/delivered.ts";
import { suspicious } from "../read/tail.ts";
import { boundEntry } from "./bindings.ts";
import { epochOf } from "./bound-stream.ts";
import type { BoundStream } from "./bound-stream.ts";

interface BoundChannel {
  readonly feed: ChannelFeed;
  /** Where its followers stand. */
  at: number;
  /** How many are about to follow it. */
  held: number;
}

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
  readonly #channels = new Map<string, BoundChannel>();
  readonly #pump = new FeedPump();
  readonly #waiting = new Set<() => void>();
  #messages: ConsumerMessages | undefined;
  /** All that came through it were read; and of which stream. */
  #position: { through: number; readonly created: string } | undefined;
  /** Counts how often that began anew. */
  #beginnings = 0;
  #isRunning = false;
  #closed = false;

  constructor(options: BoundReaderOptions) {
    this.#options = options;
  }

  async follow(name: string, subject: string, handlers: FollowHandlers): Promise<Follower> {
    // What comes while its head is asked for is noted already.
    const channel = this.#channels.get(subject) ?? this.#create(name, subject);
    channel.held += 1;
    if (!this.#isRunning) void this.#run();
    try {
      const head = await this.#reached(subject);
      // Those who follow it already go on from where they stand, though what lies there is trimmed.
      if (!channel.feed.active) channel.at = Math.max(channel.at, head.end);
      const joined = { ...head, floor: Math.min(head.floor, channel.at), end: channel.at };
      return channel.feed.join(handlers, joined, () => this.#forget(subject, channel));
    } finally {
      channel.held -= 1;
      this.#forget(subject, channel);
    }
  }

  close(): void {
    this.#closed = true;
    this.#messages?.stop();
    for (const { feed } of this.#channels.values()) feed.close();
    this.#channels.clear();
    this.#pump.clear();
    this.#wake();
  }

  #create(name: string, subject: string): BoundChannel {
    const { ports, maxFollowed } = this.#options;
    if (this.#channels.size >= maxFollowed) {
      throw new HawserError("overloaded", `channel ${name} is one past maxBoundFollowed`, { retry: true });
    }
    const feed = new ChannelFeed((error) => ports.onFollowerError?.(error, name));
    const channel: BoundChannel = { feed, at: 0, held: 0 };
    this.#channels.set(subject, channel);
    return channel;
  }

  #forget(subject: string, channel: BoundChannel): void {
    if (channel.feed.active || channel.held > 0 || this.#channels.get(subject) !== channel) return;
    this.#channels.delete(subject);
    if (this.#channels.size === 0) this.#messages?.stop();
  }

  /** Reads until nothing is followed any more. */
  async #run(): Promise<void> {
    this.#isRunning = true;
    while (!this.#closed && this.#channels.size > 0) {
      try {
        await this.#options.connection.up(this.#options.timeoutMs);
        await this.#settle();
        await this.#read();
      } catch {
        // As the next attempt will find.
      }
      this.#available(false);
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
      for (const [subject, channel] of this.#channels) {
        const floor = state.start - 1;
        const head = isTrimmed ? { floor, end: floor, ...epochOf(state) } : await stream.head(subject);
        channel.at = head.end;
        channel.feed.epoch(head);
        this.#pump.mark(channel.feed);
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
      this.#available(true);
      this.#wake();
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
    const channel = this.#channels.get(message.subject);
    if (channel !== undefined && message.sequence > channel.at) {
      channel.feed.entry(boundEntry(message, this.#options.stream.binding.kind), channel.at);
      channel.at = message.sequence;
      this.#pump.mark(channel.feed);
    }
    if (this.#position !== undefined) this.#position.through = message.sequence;
    this.#wake();
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
    const { ports, timeoutMs } = this.#options;
    let isLate = false;
    const timer: Timer = ports.timers.after(timeoutMs, () => {
      isLate = true;
      this.#wake();
    });
    const isPassed = (): boolean => this.#messages !== undefined && (this.#position?.through ?? -1) >= offset;
    while (!isPassed() && !isLate && !this.#closed) {
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
    timer.cancel();
    if (!isPassed()) throw unavailable(`NATS stream ${this.#options.stream.binding.stream}`, "it was not read in time");
  }

  #available(available: boolean): void {
    for (const { feed } of this.#channels.values()) {
      feed.available(available);
      this.#pump.mark(feed);
    }
  }

  #pause(): Promise<void> {
    const { timers, random } = this.#options.ports;
    return new Promise((resolve) => void timers.after(pauseMs * (0.5 + random.number()), resolve));
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }
}

/** Ends a consumer at the first sign that it may not be what it was. */
async function watch(messages: ConsumerMessages): Promise<void> {
  for await (const { type } of messages.status()) if (suspicious.has(type)) messages.stop();
}
