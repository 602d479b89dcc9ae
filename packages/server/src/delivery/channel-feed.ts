import type { Entry, FollowHandlers, Follower, Head, Log, Page } from "@hawser/log";
import { assert } from "@hawser/protocol";
import type { Interval } from "@hawser/protocol";
import { BlockCache } from "./block.ts";
import type { Block } from "./block.ts";
import type { ChannelPolicy } from "../policy/channel-policy.ts";
import { CatchUp } from "./catch-up.ts";
import { blockCostOf } from "./lane.ts";
import { NewestByKey } from "./newest-by-key.ts";
import type { Compression } from "./compression.ts";
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
  /** Used where the policy allows it; `undefined`: blocks are not compressed. */
  readonly compression: Compression | undefined;
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
  /** The block up to the tail's end that was made first: whoever stands where it begins, as most do, is given it. */
  #latest: Block | undefined;
  readonly blocks: BlockCache;
  readonly #options: ChannelFeedOptions;
  #follower: Follower | undefined;
  #head: Head | undefined;
  #tail: Tail | undefined;
  /** Runs behind cursors that the tail no longer holds, while there are any. */
  #catchUp: CatchUp | undefined;
  /** Of a conflated channel. */
  #newest: NewestByKey | undefined;
  /** What the log told between the start of following and its answer; told again once the head is known. */
  #early: (() => void)[] | undefined = [];
  #closed = false;

  constructor(options: ChannelFeedOptions) {
    this.#options = options;
    this.name = options.name;
    this.number = options.number;
    this.policy = options.policy;
    const compresses = options.policy.compress !== false;
    this.blocks = new BlockCache(maxCachedBlockBytes, compresses ? options.compression : undefined);
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
    assert(this.#head, "a channel is used that is not open");
    return this.#head;
  }

  get tail(): Tail {
    assert(this.#tail, "a channel is used that is not open");
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
    return Math.min(this.head.floor, this.heldFrom);
  }

  /** From here on the node holds all that a cursor has to be given. */
  get heldFrom(): number {
    return Math.min(this.tail.from, this.#newest?.from ?? this.tail.from);
  }

  /** What the node holds behind a cursor that is not at the end; `undefined`: it has to be read from the log. */
  take(cursor: number, maxCost: number): Run | undefined {
    if (this.#newest !== undefined && cursor >= this.#newest.from) return this.#newest.take(cursor, maxCost);
    return cursor >= this.tail.from ? this.#conflated(this.tail.take(cursor, maxCost)) : undefined;
  }

  /** What was read lately behind a cursor, if it was. */
  findPage(cursor: number): Run | undefined {
    const page = this.#catchUp?.find(cursor);
    return page && this.#conflated(page);
  }

  /** What the log has behind a cursor; it may be empty. Rejects as `Log.read` does. */
  async readPage(cursor: number): Promise<Run> {
    return this.#conflated(await this.#pages().read(cursor));
  }

  /** What the node knows of the log now: the head, with the end that its follower has reached. */
  known(): Head {
    return { ...this.head, end: Math.max(this.tail.to, this.head.floor) };
  }

  get latest(): Block | undefined {
    return this.#latest;
  }

  /** Keeps a block that was made, for those who come to the same cursor. */
  keep(block: Block): void {
    const isLatest = this.#latest === undefined && block.to > block.from && block.to === this.tail.to;
    if (isLatest && this.#newest === undefined && this.blocks.plain) this.#latest = block;
    else this.blocks.keep(block);
  }

  onEntries(entries: readonly Entry[], interval: Interval): void {
    if (this.#closed) return;
    if (this.#early !== undefined) {
      this.#early.push(() => this.onEntries(entries, interval));
      return;
    }
    const { tail } = this;
    this.#latest = undefined;
    this.#options.onTailCost(tail.append(entries, interval) + (this.#newest?.append(entries, interval) ?? 0));
    const { heldFrom } = this;
    let passed = interval.from;
    for (const subscription of this.subscriptions) {
      subscription.wake();
      const { cursor } = subscription;
      if (cursor >= heldFrom && cursor < passed) passed = cursor;
    }
    // What all who follow have been sent is let go of at once: held longer it would outlive the collections of young
    // garbage, and be freed late.
    this.blocks.drop(heldFrom, passed);
  }

  onFloor(floor: number): void {
    if (this.#closed) return;
    if (this.#early !== undefined) {
      this.#early.push(() => this.onFloor(floor));
      return;
    }
    if (floor <= this.floor) return;
    this.#head = { ...this.head, floor };
    this.#latest = undefined;
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

  /** Gives half of the memory that it holds entries in back; returns by how much the cost changed. */
  halve(): number {
    const { tail } = this;
    const newest = this.#newest;
    return tail.shrink(tail.cost / 2) + (newest?.shrink(newest.cost / 2) ?? 0);
  }

  /**
   * Nothing has come for long: lets go of the tail, if nobody would miss it. Whoever comes back later reads from the log,
   * so that what the log does not have is kept. Returns by how much the cost changed.
   */
  rest(): number {
    const { tail } = this;
    if (tail.cost === 0 || this.floor > tail.from) return 0;
    for (const { cursor } of this.subscriptions) if (cursor < tail.to) return 0;
    return tail.clear();
  }

  /** Lets go of what was made for cursors that may be gone: it is made again for those who come. */
  forgetMade(): void {
    this.#latest = undefined;
    this.blocks.clear();
    // Reads that are under way are answered, and not kept.
    this.#catchUp?.clear();
    this.#catchUp = undefined;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#follower?.close();
    this.#options.onTailCost(-this.#heldCost);
    this.forgetMade();
  }

  get #heldCost(): number {
    return (this.#tail?.cost ?? 0) + (this.#newest?.cost ?? 0);
  }

  #conflated(run: Run): Run {
    return this.#newest === undefined ? run : this.#newest.conflate(run);
  }

  #pages(): CatchUp {
    const { name, log, policy } = this.#options;
    return (this.#catchUp ??= new CatchUp({
      channel: name,
      log,
      maxPageBytes: blockCostOf(policy.lane ?? "normal"),
      maxKeptBytes: maxCachedPageBytes,
      admit: (page, from) => this.#admit(page, from),
    }));
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
    const { policy, maxTailBytes } = this.#options;
    this.#options.onTailCost(-this.#heldCost);
    this.#head = head;
    this.#tail = new Tail(head.end, maxTailBytes);
    if (policy.conflate === true) this.#newest = new NewestByKey(head.end, maxTailBytes);
    this.forgetMade();
  }
}
