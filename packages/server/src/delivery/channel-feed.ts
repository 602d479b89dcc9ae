import type { Entry, FollowHandlers, Follower, Head, Log, Page } from "@hawser/log";
import { assert } from "@hawser/protocol";
import type { Interval } from "@hawser/protocol";
import { BlockCache } from "./block.ts";
import type { ChannelPolicy } from "../policy/channel-policy.ts";
import { CatchUp } from "./catch-up.ts";
import { blockCostOf } from "./lane.ts";
import type { Subscription } from "./subscription.ts";
import { Tail } from "./tail.ts";
import type { Run } from "./tail.ts";

/** Bytes of encoded blocks that a channel keeps for those who come to the same cursor. */
const maxCachedBlockBytes = 1_048_576;
/** Cost of the pages of the log that a channel keeps for those who come to the same cursor behind the tail. */
const maxCachedPageBytes = 1_048_576;

export interface ChannelFeedOptions {
  readonly name: string;
  readonly number: number;
  readonly log: Log;
  readonly policy: ChannelPolicy;
  readonly maxTailBytes: number;
  /** Told by how much the cost of the tail changed. */
  readonly onTailCost: (change: number) => void;
  readonly onCatchUpRead: (entries: number) => void;
}

/**
 * One channel as this node delivers it: the log's follower feeds the tail, the tail feeds the cursors. It is the only
 * follower of its channel on the node.
 */
export class ChannelFeed implements FollowHandlers {
  readonly name: string;
  /** The channel's number on the wire (SUB-1). */
  readonly number: number;
  readonly policy: ChannelPolicy;
  readonly subscriptions = new Set<Subscription>();
  readonly blocks = new BlockCache(maxCachedBlockBytes);
  /** Runs behind cursors that the tail no longer holds. */
  readonly catchUp: CatchUp;
  readonly #options: ChannelFeedOptions;
  #follower: Follower | undefined;
  #head: Head | undefined;
  #tail: Tail | undefined;
  /** What the log told between the start of following and its answer; told again once the head is known. */
  #early: (() => void)[] | undefined = [];
  #closed = false;

  constructor(options: ChannelFeedOptions) {
    this.#options = options;
    this.name = options.name;
    this.number = options.number;
    this.policy = options.policy;
    this.catchUp = new CatchUp({
      channel: options.name,
      log: options.log,
      maxPageBytes: blockCostOf(options.policy.lane ?? "normal"),
      maxKeptBytes: maxCachedPageBytes,
      admit: (page, from) => this.#admit(page, from),
    });
  }

  /** Begins to follow the log. Rejects as `Log.follow` does. */
  async open(): Promise<void> {
    const follower = await this.#options.log.follow(this.name, this);
    if (this.#closed) {
      follower.close();
      return;
    }
    this.#follower = follower;
    this.#begin(follower.head);
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const tell of early) tell();
  }

  get isOpen(): boolean {
    return this.#head !== undefined && !this.#closed;
  }

  get head(): Head {
    assert(this.#head, `channel ${this.name} is not open`);
    return this.#head;
  }

  get tail(): Tail {
    assert(this.#tail, `channel ${this.name} is not open`);
    return this.#tail;
  }

  get epoch(): number {
    return this.head.epoch;
  }

  /** The log's own floor. */
  get floor(): number {
    return this.head.floor;
  }

  /** Below it a cursor cannot be served: the log may have trimmed what the tail still holds. */
  get readableFloor(): number {
    return Math.min(this.head.floor, this.tail.from);
  }

  /** What the node knows of the log now: the head, with the end that its follower has reached. */
  known(): Head {
    return { ...this.head, end: Math.max(this.tail.to, this.head.floor) };
  }

  onEntries(entries: readonly Entry[], interval: Interval): void {
    if (this.#closed) return;
    if (this.#early !== undefined) {
      this.#early.push(() => this.onEntries(entries, interval));
      return;
    }
    const { tail } = this;
    this.#options.onTailCost(tail.append(entries, interval));
    let passed = interval.from;
    for (const subscription of this.subscriptions) {
      subscription.wake();
      const { cursor } = subscription;
      if (cursor >= tail.from && cursor < passed) passed = cursor;
    }
    // What all who follow have been sent is let go of at once: held longer it would outlive the collections of young
    // garbage, and be freed late.
    this.blocks.drop(tail.from, passed);
  }

  onFloor(floor: number): void {
    if (this.#closed) return;
    if (this.#early !== undefined) {
      this.#early.push(() => this.onFloor(floor));
      return;
    }
    if (floor <= this.floor) return;
    this.#head = { ...this.head, floor };
    for (const subscription of this.subscriptions) if (subscription.cursor < this.readableFloor) subscription.wake();
  }

  /** The log has another epoch: each cursor is carried over as a position of a returning client would be. */
  onEpoch(head: Head): void {
    if (this.#closed) return;
    if (this.#early !== undefined) {
      this.#early.push(() => this.onEpoch(head));
      return;
    }
    this.#begin(head);
    for (const subscription of this.subscriptions) subscription.restart(head);
  }

  /** Lets go of what was made for cursors that may be gone: it is made again for those who come. */
  forgetMade(): void {
    this.blocks.clear();
    this.catchUp.clear();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#follower?.close();
    if (this.#tail !== undefined) this.#options.onTailCost(-this.#tail.cost);
    this.forgetMade();
  }

  /**
   * What of a page of the log may be served. What the follower has not brought yet is left out: it may not be as durable
   * as its policy promises.
   */
  #admit(page: Page, from: number): Run {
    this.#options.onCatchUpRead(page.entries.length);
    // What another epoch's log held, or how far it was trimmed, says nothing of this one.
    if (this.#closed || page.epoch !== this.epoch) return { from, to: from, entries: [] };
    this.onFloor(page.floor);
    const end = this.tail.to;
    const entries = page.entries.filter((entry) => entry.offset <= end);
    const to = Math.min(page.more ? page.interval.to : Math.max(page.interval.to, from), end);
    return { from: page.interval.from, to: Math.max(to, page.interval.from), entries };
  }

  #begin(head: Head): void {
    if (this.#tail !== undefined) this.#options.onTailCost(-this.#tail.cost);
    this.#head = head;
    this.#tail = new Tail(head.end, this.#options.maxTailBytes);
    this.forgetMade();
  }
}
