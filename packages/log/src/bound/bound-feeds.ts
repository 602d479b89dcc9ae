import { HawserError } from "@hawser/protocol";
import { ChannelFeed } from "../follow/channel-feed.ts";
import { FeedPump } from "../follow/feed-pump.ts";
import type { Entry, Follower, FollowHandlers, Head, LogOpenOptions } from "../log.ts";

/** What {@link BoundFeeds} are made with. */
export interface BoundFeedsOptions {
  readonly ports: Pick<LogOpenOptions, "onFollowerError">;
  /** Channels that are followed at a time. */
  readonly maxFollowed: number;
  /** The last one was let go: there is nothing to be read for. */
  readonly onEmpty?: () => void;
}

/** A new {@link BoundFeed}. */
export interface BoundFeedStart<Place> {
  /** The channel. */
  readonly name: string;
  /** Where its followers will stand. */
  readonly at: number;
  readonly place: Place;
}

/** A channel that is followed, and how far its followers were given it. What is noted is told by itself, a microtask later. */
export class BoundFeed<Place = undefined> {
  readonly name: string;
  /** What its adapter knows of it. */
  place: Place;
  /** Where its followers stand. To be set of one only that nobody follows yet. */
  at: number;
  readonly #feed: ChannelFeed;
  readonly #pump: FeedPump;
  /** How many are about to follow it. */
  #held = 0;

  constructor({ name, at, place }: BoundFeedStart<Place>, feed: ChannelFeed, pump: FeedPump) {
    this.name = name;
    this.at = at;
    this.place = place;
    this.#feed = feed;
    this.#pump = pump;
  }

  /** Whether anybody follows it. */
  get active(): boolean {
    return this.#feed.active;
  }

  /** Whether anybody follows it, or is about to. */
  get isNeeded(): boolean {
    return this.#feed.active || this.#held > 0;
  }

  /** The next entry, unless it was given already. */
  entry(entry: Entry): void {
    if (entry.offset <= this.at) return;
    this.#feed.entry(entry, this.at);
    this.at = entry.offset;
    this.#pump.mark(this.#feed);
  }

  /** All entries behind those that were given, through `to`; nothing where that was given already. */
  entries(entries: readonly Entry[], to: number): void {
    if (to <= this.at) return;
    this.#feed.entries(entries, this.at, to);
    this.at = to;
    this.#pump.mark(this.#feed);
  }

  /** As `ChannelFeed.floor`. */
  floor(floor: number): void {
    this.#feed.floor(floor);
    this.#pump.mark(this.#feed);
  }

  /** As `ChannelFeed.epoch`: its followers begin anew at the head's end. */
  epoch(head: Head): void {
    this.at = head.end;
    this.#feed.epoch(head);
    this.#pump.mark(this.#feed);
  }

  available(available: boolean): void {
    this.#feed.available(available);
    this.#pump.mark(this.#feed);
  }

  join(handlers: FollowHandlers, head: Head, onClose: () => void): Follower {
    return this.#feed.join(handlers, head, onClose);
  }

  hold(): void {
    this.#held += 1;
  }

  release(): void {
    this.#held -= 1;
  }

  close(): void {
    this.#feed.close();
  }
}

/** The channels of others that this node follows, by the key that tells them apart where they are read. */
export class BoundFeeds<Place = undefined> {
  readonly #options: BoundFeedsOptions;
  readonly #feeds = new Map<string, BoundFeed<Place>>();
  readonly #pump = new FeedPump();

  constructor(options: BoundFeedsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#feeds.size;
  }

  get(key: string): BoundFeed<Place> | undefined {
    return this.#feeds.get(key);
  }

  keys(): Iterable<string> {
    return this.#feeds.keys();
  }

  entries(): Iterable<readonly [key: string, feed: BoundFeed<Place>]> {
    return this.#feeds.entries();
  }

  values(): Iterable<BoundFeed<Place>> {
    return this.#feeds.values();
  }

  /** @throws HawserError `overloaded` for one past the limit */
  create(key: string, start: BoundFeedStart<Place>): BoundFeed<Place> {
    const { maxFollowed, ports } = this.#options;
    const { name } = start;
    if (this.#feeds.size >= maxFollowed) {
      throw new HawserError("overloaded", `channel ${name} is one past maxBoundFollowed`, { retry: true });
    }
    const channel = new ChannelFeed((error) => ports.onFollowerError?.(error, name));
    const feed = new BoundFeed(start, channel, this.#pump);
    this.#feeds.set(key, feed);
    return feed;
  }

  /** @param head as it is at this moment, its end where the followers of the channel stand. */
  join(key: string, feed: BoundFeed<Place>, handlers: FollowHandlers, head: Head): Follower {
    return feed.join(handlers, head, () => this.#forget(key, feed));
  }

  /** Keeps a channel, which nobody may follow yet, while it is found out where its followers will stand. */
  async holding<Found>(key: string, feed: BoundFeed<Place>, find: () => Promise<Found>): Promise<Found> {
    feed.hold();
    try {
      return await find();
    } finally {
      feed.release();
      this.#forget(key, feed);
    }
  }

  available(available: boolean): void {
    for (const feed of this.#feeds.values()) feed.available(available);
  }

  /** Ends all followers without a word. */
  close(): void {
    for (const feed of this.#feeds.values()) feed.close();
    this.#feeds.clear();
    this.#pump.clear();
  }

  #forget(key: string, feed: BoundFeed<Place>): void {
    if (feed.isNeeded || this.#feeds.get(key) !== feed) return;
    this.#feeds.delete(key);
    if (this.#feeds.size === 0) this.#options.onEmpty?.();
  }
}
