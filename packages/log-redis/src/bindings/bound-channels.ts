import type { Follower, FollowHandlers, Head, LogOpenOptions, Page } from "@hawser/log";
import { BoundFeeds } from "@hawser/log/broker";
import type { BoundFeed } from "@hawser/log/broker";
import type { Connection } from "../connection/connection.ts";
import { unavailable } from "../connection/unavailable.ts";
import { boundEntries } from "./bindings.ts";
import type { BoundStream } from "./bindings.ts";
import { idThrough } from "./stream-offsets.ts";

interface Place {
  readonly bound: BoundStream;
  /** As it was when its epoch began, or its followers had to begin anew. */
  head: Head;
}

type BoundChannel = BoundFeed<Place>;

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
  readonly #channels: BoundFeeds<Place>;
  #wakeReader: (() => void) | undefined;
  /** Rises with every reason to look at all heads; a look that began before is not enough. */
  #looks = 0;
  #isLooking = false;

  constructor(options: BoundChannelsOptions) {
    this.#options = options;
    const { ports, maxBound: maxFollowed } = options;
    this.#channels = new BoundFeeds({ ports, maxFollowed });
  }

  async follow(name: string, bound: BoundStream, handlers: FollowHandlers): Promise<Follower> {
    const looks = this.#looks;
    const head = await this.#options.head(name, bound);
    for (;;) {
      const channel = this.#channels.get(name) ?? this.#create(name, bound, head);
      if (channel.place.head.epoch < head.epoch) this.#settle(channel, head);
      // One that is followed already is joined where its followers stand, once that is no less than the log has.
      if (channel.place.head.epoch > head.epoch || channel.at >= head.end) {
        // Who looked at all heads meanwhile did not see this one.
        if (looks !== this.#looks) this.look();
        return this.#channels.join(name, channel, handlers, { ...channel.place.head, end: channel.at });
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
      for (const { place, at } of channels) {
        const { bound } = place;
        places.set(bound.stream, Math.min(at, places.get(bound.stream) ?? Infinity));
      }
      const ids = Array.from(places.values(), idThrough);
      const command = ["XREAD", "COUNT", `${maxEntries}`, "BLOCK", `${blockMs}`, "STREAMS"];
      const reply = await tail.send([...command, ...places.keys(), ...ids]);
      for (const [key, found] of (reply ?? []) as [Buffer, [Buffer, Buffer[]][]][]) {
        const stream = String(key);
        for (const channel of channels) {
          // One that went back since it was asked for lacks what lies below the answer.
          if (channel.place.bound.stream === stream && channel.at >= places.get(stream)!) this.#take(channel, found);
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
    this.#channels.available(available);
  }

  close(): void {
    this.#channels.close();
    this.#wakeReader?.();
  }

  async #look(): Promise<void> {
    this.#isLooking = true;
    for (let seen = -1; seen !== this.#looks;) {
      seen = this.#looks;
      for (const channel of this.#channels.values()) {
        try {
          this.#settle(channel, await this.#options.head(channel.name, channel.place.bound));
        } catch {
          // The server is away, and all are looked at when it is back.
        }
      }
    }
    this.#isLooking = false;
  }

  /** Gives a channel's followers the next page, which the tail has yet to bring. */
  async #catchUp(channel: BoundChannel): Promise<void> {
    const { name, at } = channel;
    const { bound } = channel.place;
    const page = await this.#options.read(name, bound, at);
    if (page.epoch !== channel.place.head.epoch || page.floor > at) {
      this.#settle(channel, await this.#options.head(name, bound));
    } else if (channel.at === at) {
      if (page.interval.to <= at) throw unavailable(`the stream of ${name} has less than it said`);
      channel.entries(page.entries, page.interval.to);
    }
  }

  #create(name: string, bound: BoundStream, head: Head): BoundChannel {
    const channel = this.#channels.create(name, { name, at: head.end, place: { bound, head } });
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
    const entries = boundEntries(channel.place.bound, found).filter(({ offset }) => offset > channel.at);
    const last = entries.at(-1);
    if (last !== undefined) channel.entries(entries, last.offset);
  }

  #settle(channel: BoundChannel, head: Head): void {
    const { place } = channel;
    const isNew = head.epoch > place.head.epoch;
    if (!isNew && head.floor <= channel.at) {
      if (head.floor > place.head.floor) channel.floor(head.floor);
      place.head = { ...place.head, floor: Math.max(head.floor, place.head.floor) };
      return;
    }
    // Another epoch; or what lay above its place was trimmed before it was read.
    place.head = isNew ? head : { ...head, end: head.floor };
    channel.epoch(place.head);
    this.#options.wake();
  }
}
