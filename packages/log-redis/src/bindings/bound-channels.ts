import { ChannelFeed, FeedPump } from "@hawser/log";
import type { Follower, FollowHandlers, Head, LogOpenOptions, Page } from "@hawser/log";
import { HawserError } from "@hawser/protocol";
import type { Connection } from "../connection/connection.ts";
import { unavailable } from "../connection/unavailable.ts";
import { boundEntries } from "./bindings.ts";
import type { BoundStream } from "./bindings.ts";
import { idThrough } from "./stream-offsets.ts";

interface BoundChannel {
  readonly name: string;
  readonly bound: BoundStream;
  readonly feed: ChannelFeed;
  /** As it was when its epoch began, or its followers had to begin anew. */
  head: Head;
  /** Where its followers stand. */
  at: number;
}

interface BoundChannelsOptions {
  readonly maxBound: number;
  readonly ports: LogOpenOptions;
  readonly head: (name: string, bound: BoundStream) => Promise<Head>;
  /** The next page of a channel whose followers have yet to be given it. */
  readonly read: (name: string, bound: BoundStream, after: number) => Promise<Page>;
  /** Makes the tail's connection answer though there is nothing. */
  readonly wake: () => void;
}

/** Entries of one stream in one answer. */
const maxEntries = 256;
const blockMs = 2_000;

/** The streams of others that this node follows as channels: one connection waits for all of them together. */
export class BoundChannels {
  readonly #options: BoundChannelsOptions;
  readonly #channels = new Map<string, BoundChannel>();
  readonly #pump = new FeedPump();
  #wakeReader: (() => void) | undefined;
  /** Rises with every reason to look at all heads; a look that began before is not enough. */
  #looks = 0;
  #isLooking = false;

  constructor(options: BoundChannelsOptions) {
    this.#options = options;
  }

  async follow(name: string, bound: BoundStream, handlers: FollowHandlers): Promise<Follower> {
    const looks = this.#looks;
    const head = await this.#options.head(name, bound);
    for (;;) {
      const channel = this.#channels.get(name) ?? this.#create(name, bound, head);
      if (channel.head.epoch < head.epoch) this.#settle(channel, head);
      // One that is followed already is joined where its followers stand, once that is no less than the log has.
      if (channel.head.epoch > head.epoch || channel.at >= head.end) {
        // Who looked at all heads meanwhile did not see this one.
        if (looks !== this.#looks) this.look();
        return this.#join(channel, handlers);
      }
      await this.#catchUp(channel);
    }
  }

  /** Reads until the connection breaks, which rejects. */
  async read(tail: Connection): Promise<never> {
    for (;;) {
      if (this.#channels.size === 0) await this.#anyChannel(tail);
      const channels = [...this.#channels.values()];
      // Channels may share a stream: it is asked for what any of them lacks.
      const places = new Map<string, number>();
      for (const { bound, at } of channels) {
        places.set(bound.stream, Math.min(at, places.get(bound.stream) ?? Infinity));
      }
      const ids = Array.from(places.values(), idThrough);
      const command = ["XREAD", "COUNT", `${maxEntries}`, "BLOCK", `${blockMs}`, "STREAMS"];
      const reply = await tail.send([...command, ...places.keys(), ...ids]);
      for (const [key, found] of (reply ?? []) as [Buffer, [Buffer, Buffer[]][]][]) {
        const stream = String(key);
        for (const channel of channels) {
          // One that went back since it was asked for lacks what lies below the answer.
          if (channel.bound.stream === stream && channel.at >= places.get(stream)!) this.#take(channel, found);
        }
      }
    }
  }

  /** Looks at every head: whether the stream is the same, and nothing was trimmed unread. */
  look(): void {
    this.#looks += 1;
    if (!this.#isLooking) void this.#look();
  }

  available(available: boolean): void {
    for (const { feed } of this.#channels.values()) {
      feed.available(available);
      this.#pump.mark(feed);
    }
  }

  close(): void {
    for (const { feed } of this.#channels.values()) feed.close();
    this.#channels.clear();
    this.#pump.clear();
    this.#wakeReader?.();
  }

  async #look(): Promise<void> {
    this.#isLooking = true;
    for (let seen = -1; seen !== this.#looks;) {
      seen = this.#looks;
      for (const channel of this.#channels.values()) {
        try {
          this.#settle(channel, await this.#options.head(channel.name, channel.bound));
        } catch {
          // The server is away, and all are looked at when it is back.
        }
      }
    }
    this.#isLooking = false;
  }

  #join(channel: BoundChannel, handlers: FollowHandlers): Follower {
    const joined: Head = { ...channel.head, end: channel.at };
    return channel.feed.join(handlers, joined, () => {
      if (!channel.feed.active && this.#channels.get(channel.name) === channel) this.#channels.delete(channel.name);
    });
  }

  /** Gives a channel's followers the next page, which the tail has yet to bring. */
  async #catchUp(channel: BoundChannel): Promise<void> {
    const { name, bound, at } = channel;
    const page = await this.#options.read(name, bound, at);
    if (page.epoch !== channel.head.epoch || page.floor > at) {
      this.#settle(channel, await this.#options.head(name, bound));
    } else if (channel.at === at) {
      if (page.interval.to <= at) throw unavailable(`the stream of ${name} has less than it said`);
      channel.feed.entries(page.entries, at, page.interval.to);
      channel.at = page.interval.to;
      this.#pump.mark(channel.feed);
    }
  }

  #create(name: string, bound: BoundStream, head: Head): BoundChannel {
    const { maxBound, ports } = this.#options;
    if (this.#channels.size >= maxBound) {
      throw new HawserError("overloaded", `channel ${name} is one past maxBoundFollowed`, { retry: true });
    }
    const feed = new ChannelFeed((error) => ports.onFollowerError?.(error, name));
    const channel: BoundChannel = { name, bound, feed, head, at: head.end };
    this.#channels.set(name, channel);
    this.#wakeReader?.();
    this.#options.wake();
    return channel;
  }

  /** Nothing is read while nothing is followed. */
  #anyChannel(tail: Connection): Promise<unknown> {
    const woken = new Promise<void>((resolve) => (this.#wakeReader = resolve));
    const broken = tail.gone.then((error) => {
      throw error;
    });
    return Promise.race([woken, broken]).finally(() => (this.#wakeReader = undefined));
  }

  #take(channel: BoundChannel, found: [Buffer, Buffer[]][]): void {
    const before = channel.at;
    const entries = boundEntries(channel.bound, found).filter(({ offset }) => offset > before);
    const last = entries.at(-1);
    if (last === undefined) return;
    channel.feed.entries(entries, before, last.offset);
    channel.at = last.offset;
    this.#pump.mark(channel.feed);
  }

  #settle(channel: BoundChannel, head: Head): void {
    const isNew = head.epoch > channel.head.epoch;
    if (!isNew && head.floor <= channel.at) {
      if (head.floor > channel.head.floor) channel.feed.floor(head.floor);
      channel.head = { ...channel.head, floor: Math.max(head.floor, channel.head.floor) };
    } else {
      // Another epoch; or what lay above its place was trimmed before it was read.
      channel.head = isNew ? head : { ...head, end: head.floor };
      channel.at = channel.head.end;
      channel.feed.epoch(channel.head);
      this.#options.wake();
    }
    this.#pump.mark(channel.feed);
  }
}
