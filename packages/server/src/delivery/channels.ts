import type { Log } from "@hawser/log";
import type { NodeObserver } from "../observe/observer.ts";
import type { ChannelPolicy } from "../policy/channel-policy.ts";
import { ChannelFeed } from "./channel-feed.ts";
import type { Compression } from "./compression.ts";

export interface ChannelsOptions {
  readonly log: Log;
  readonly observer: NodeObserver;
  readonly policyOf: (channel: string) => ChannelPolicy;
  readonly maxTailBytes: number;
  readonly maxNodeTailBytes: number;
  readonly tailIdleMs: number;
  /** `undefined`: blocks are not compressed. */
  readonly compression: Compression | undefined;
}

/** Sweeps for which a channel without subscribers is still followed, so that a reconnect finds its tail. */
const lingerSweeps = 2;

interface Open {
  readonly feed: ChannelFeed;
  readonly opening: Promise<ChannelFeed>;
  idleSweeps: number;
  /** The end of its tail, and since when that is it: monotonic milliseconds. */
  end: number;
  since: number;
}

/** The channels that this node follows: each once, however many subscribers it has. */
export class Channels {
  readonly #options: ChannelsOptions;
  readonly #open = new Map<string, Open>();
  /** Of the channels that are open, by number. */
  readonly #names = new Map<number, string>();
  #nextNumber = 1;
  #tailCost = 0;

  constructor(options: ChannelsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#open.size;
  }

  /** The channel that has this number, while the node follows it. */
  nameOf(number: number): string | undefined {
    return this.#names.get(number);
  }

  /** The channel, if the node follows it already. */
  find(name: string): ChannelFeed | undefined {
    const known = this.#open.get(name);
    if (known === undefined || !known.feed.isOpen) return undefined;
    known.idleSweeps = 0;
    return known.feed;
  }

  /** Follows the channel, if the node does not yet. Rejects when the log cannot be reached. */
  async open(name: string): Promise<ChannelFeed> {
    const known = this.#open.get(name);
    if (known !== undefined) {
      known.idleSweeps = 0;
      return known.opening;
    }
    const feed = new ChannelFeed({
      name,
      number: this.#nextNumber++,
      log: this.#options.log,
      policy: this.#options.policyOf(name),
      maxTailBytes: this.#options.maxTailBytes,
      compression: this.#options.compression,
      onTailCost: (change) => this.#noteTailCost(change),
      onCatchUpRead: (entries) => this.#options.observer.catchUpRead(entries),
    });
    const opening = feed.open().then(
      () => feed,
      (error: unknown) => {
        if (this.#open.get(name)?.feed === feed) this.#forget(feed);
        throw error;
      },
    );
    this.#open.set(name, { feed, opening, idleSweeps: 0, end: -1, since: 0 });
    this.#names.set(feed.number, name);
    return opening;
  }

  /** Lets go of channels that had no subscriber for some sweeps, and of tails to which nothing came for long. */
  sweep(now: number): void {
    for (const open of this.#open.values()) {
      if (open.feed.isOpen) this.#rest(open, now);
      // Bytes that nobody came for by now are made again: after a burst they would only be held.
      open.feed.forgetMade();
      // While it opens, whoever asked for it has no subscription yet.
      if (open.feed.subscriptions.size > 0 || !open.feed.isOpen) open.idleSweeps = 0;
      else if (++open.idleSweeps > lingerSweeps) {
        this.#forget(open.feed);
        void open.opening.then(
          (feed) => feed.close(),
          () => {},
        );
      }
    }
    this.#options.observer.tails(this.#open.size, this.#tailCost);
  }

  close(): void {
    for (const { feed } of this.#open.values()) feed.close();
    this.#open.clear();
    this.#names.clear();
  }

  #rest(open: Open, now: number): void {
    const end = open.feed.tail.to;
    if (end !== open.end) {
      open.end = end;
      open.since = now;
    } else if (now - open.since >= this.#options.tailIdleMs) this.#tailCost += open.feed.rest();
  }

  #forget({ name, number }: ChannelFeed): void {
    this.#open.delete(name);
    this.#names.delete(number);
  }

  /** Above the node's limit every tail gives half of what it holds: cursors that need more read from the log. */
  #noteTailCost(change: number): void {
    this.#tailCost += change;
    if (this.#tailCost <= this.#options.maxNodeTailBytes) return;
    for (const { feed } of this.#open.values()) {
      if (feed.isOpen) this.#tailCost += feed.halve();
    }
  }
}
