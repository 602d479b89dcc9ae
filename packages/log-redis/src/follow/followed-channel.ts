import { ChannelFeed } from "@hawser/log";
import type { Entry, EpochStart, Follower, FollowHandlers, FollowerErrorListener, Head, Page } from "@hawser/log";
import type { FeedRecord } from "../values/entries.ts";

type Place =
  /** Its head is being asked for; what the feed brings meanwhile is kept, as far as `maxEarly` goes. */
  | { readonly kind: "asking"; readonly early: FeedRecord[] }
  /** The next entry of the feed continues it. */
  | { readonly kind: "live" }
  /** Entries up to `target` at least are to be read from the channel itself. */
  | { readonly kind: "behind"; target: number };

/** Where the followers of a channel stand. */
export interface Standing {
  readonly epoch: number;
  readonly at: number;
}

interface Awaited {
  readonly head: Head;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** What a followed channel asks of the log. */
export interface FollowedChannelEvents {
  /** Its followers are to be told something. */
  readonly onNews: (channel: FollowedChannel) => void;
  /** Entries above `at` are to be read. */
  readonly onBehind: (channel: FollowedChannel) => void;
  /** Nobody follows it, and nobody is about to. */
  readonly onUnused: (channel: FollowedChannel) => void;
  readonly onFollowerError: FollowerErrorListener;
}

/** Records of the feed that are kept while the head is asked for; of more, the channel itself is read. */
const maxEarly = 256;

/** One channel that this node follows: where its followers stand, and how that goes on with what the feed brings. */
export class FollowedChannel {
  readonly name: string;
  readonly feed: ChannelFeed;
  readonly #events: FollowedChannelEvents;
  #place: Place = { kind: "asking", early: [] };
  #epoch = 0;
  #at = 0;
  #floor = 0;
  #lineage: readonly EpochStart[] = [];
  #held = 0;
  #awaited: Awaited[] = [];

  constructor(name: string, events: FollowedChannelEvents) {
    this.name = name;
    this.#events = events;
    this.feed = new ChannelFeed(events.onFollowerError);
  }

  get epoch(): number {
    return this.#epoch;
  }

  get at(): number {
    return this.#at;
  }

  get standing(): Standing {
    return { epoch: this.#epoch, at: this.#at };
  }

  /** Somebody is about to follow it. */
  hold(): void {
    this.#held += 1;
  }

  release(): void {
    this.#held -= 1;
    if (this.#held === 0 && !this.feed.active) this.#events.onUnused(this);
  }

  /** Resolves once its followers stand at this head's end or behind it. */
  reached(head: Head): Promise<void> {
    if (this.#hasReached(head)) return Promise.resolve();
    return new Promise((resolve, reject) => this.#awaited.push({ head, resolve, reject }));
  }

  join(handlers: FollowHandlers): Follower {
    const head: Head = { epoch: this.#epoch, floor: this.#floor, end: this.#at, lineage: this.#lineage };
    const follower = this.feed.join(handlers, head, () => {
      if (this.#held === 0 && !this.feed.active) this.#events.onUnused(this);
    });
    this.release();
    return follower;
  }

  /** The head is about to be asked for, since the log has another epoch. */
  ask(): void {
    if (this.#place.kind !== "asking") this.#place = { kind: "asking", early: [] };
  }

  /** What the feed brings, in its order. */
  take(record: FeedRecord): void {
    const place = this.#place;
    if (place.kind === "asking") {
      if (place.early.length < maxEarly) place.early.push(record);
      else place.early[maxEarly - 1] = record;
      return;
    }
    if (record.epoch !== this.#epoch) return;
    if (record.entry !== undefined) this.#takeEntry(record.entry);
    this.#raiseFloor(record.floor);
  }

  /**
   * The head as the log had it, once it was asked for when the followers stood at `asked`. Returns false when it ends below that:
   * the log went back unseen. A head that the feed has overtaken on its way says nothing of the kind.
   */
  settle(head: Head, asked: Standing): boolean {
    if (head.epoch < this.#epoch) return true;
    if (head.epoch === asked.epoch && head.end < asked.at) return false;
    const place = this.#place;
    const before = this.#epoch;
    if (head.epoch > before) {
      this.#begin(head);
      if (before !== 0) this.feed.epoch(head);
    }
    // What was to be read of an older epoch begins with the head, like everything else.
    const target = place.kind === "behind" && head.epoch === before ? Math.max(place.target, head.end) : head.end;
    this.#place = { kind: "live" };
    if (target > this.#at) this.#fallBehind(target);
    this.#raiseFloor(head.floor);
    if (place.kind === "asking") for (const record of place.early) this.take(record);
    this.#events.onNews(this);
    this.#tellReached();
    return true;
  }

  /** What was read above `at`. Returns whether more has to be read. */
  takePage(page: Page): boolean {
    if (this.#place.kind !== "behind") return false;
    // Of a later epoch than its own it begins anew with the head; what was asked for in an earlier one is asked for again.
    if (page.epoch !== this.#epoch) return page.epoch < this.#epoch;
    if (page.interval.from > this.#at) {
      // Trimmed before it could be given. What follows starts behind it.
      const head = { epoch: this.#epoch, floor: page.floor, end: page.interval.from, lineage: this.#lineage };
      this.#begin(head);
      this.feed.epoch(head);
    }
    const { target } = this.#place;
    const before = this.#at;
    if (page.interval.to > before) {
      const entries = page.entries.filter(({ offset }) => offset > before);
      this.feed.entries(entries, before, page.interval.to);
      this.#at = page.interval.to;
    }
    // Where a page brings nothing there is no more to be had, whatever the feed has told.
    const isDone = this.#at >= target || (this.#at === before && !page.more);
    if (isDone) this.#place = { kind: "live" };
    this.#raiseFloor(page.floor);
    this.#events.onNews(this);
    this.#tellReached();
    return !isDone;
  }

  /** It could not be followed: whoever waits to is told. */
  fail(error: Error): void {
    for (const { reject } of this.#awaited.splice(0)) reject(error);
  }

  #takeEntry(entry: Entry): void {
    const place = this.#place;
    if (entry.offset <= this.#at) return;
    if (place.kind === "behind") {
      place.target = Math.max(place.target, entry.offset);
    } else if (entry.offset > this.#at + 1) {
      this.#fallBehind(entry.offset);
    } else {
      this.feed.entry(entry, this.#at);
      this.#at = entry.offset;
      this.#events.onNews(this);
      this.#tellReached();
    }
  }

  #fallBehind(target: number): void {
    this.#place = { kind: "behind", target };
    this.#events.onBehind(this);
  }

  #begin({ epoch, end, floor, lineage }: Head): void {
    this.#epoch = epoch;
    this.#at = end;
    this.#floor = floor;
    this.#lineage = lineage;
  }

  #raiseFloor(floor: number): void {
    if (floor <= this.#floor) return;
    this.#floor = floor;
    this.feed.floor(floor);
    this.#events.onNews(this);
  }

  #hasReached({ epoch, end }: Head): boolean {
    return this.#epoch > epoch || (this.#epoch === epoch && this.#at >= end);
  }

  #tellReached(): void {
    if (this.#awaited.length === 0 || this.#place.kind === "asking") return;
    const left = this.#awaited;
    this.#awaited = [];
    for (const awaited of left) {
      if (this.#hasReached(awaited.head)) awaited.resolve();
      else this.#awaited.push(awaited);
    }
  }
}
