import { FeedPump } from "@hawser/log";
import type { Follower, FollowHandlers, Head, LogOpenOptions, Page } from "@hawser/log";
import { HawserError } from "@hawser/protocol";
import type { FeedRecord } from "../values/entries.ts";
import { FollowedChannel } from "./followed-channel.ts";
import type { Standing } from "./followed-channel.ts";

interface FollowedChannelsOptions {
  readonly maxFollowed: number;
  readonly ports: LogOpenOptions;
  /** The head as the log has it now. */
  readonly head: (name: string) => Promise<Head>;
  /** The same of several, in the order of the names. */
  readonly heads: (names: readonly string[]) => Promise<Head[]>;
  /** The next page of a channel that fell behind. */
  readonly read: (name: string, after: number) => Promise<Page>;
  /** The log went back without beginning an epoch: keys of this one were deleted. */
  readonly onWentBack: (epoch: number) => void;
}

/** Heads that are asked for at once. */
const maxHeads = 256;
/** Channels that are caught up with at a time. */
const maxCatchingUp = 4;

/** The channels that this node follows, fed by its one reader. */
export class FollowedChannels {
  readonly #options: FollowedChannelsOptions;
  readonly #channels = new Map<string, FollowedChannel>();
  readonly #pump = new FeedPump();
  /** They wait until they are read. */
  readonly #behind = new Set<FollowedChannel>();
  readonly #catchingUp = new Set<FollowedChannel>();
  /** Rises with every reason to look at all heads; a look that began before is not enough. */
  #looks = 0;
  /** The highest that channels were to begin in. */
  #epoch = 0;
  #isLooking = false;
  /** The server refused to say what channels lack. */
  #lacks = false;

  constructor(options: FollowedChannelsOptions) {
    this.#options = options;
  }

  async follow(name: string, handlers: FollowHandlers): Promise<Follower> {
    const channel = this.#channels.get(name) ?? this.#create(name);
    channel.hold();
    try {
      const head = await this.#options.head(name);
      // A new one begins with this head; one that is followed already has to come to it.
      if (channel.epoch === 0) channel.settle(head, channel.standing);
      // The log went on to another epoch while this head was on its way.
      if (channel.epoch < this.#epoch) this.begin(this.#epoch);
      await channel.reached(head);
    } catch (error) {
      channel.release();
      throw error;
    }
    return channel.join(handlers);
  }

  /** What the feed brings. */
  take(record: FeedRecord): void {
    this.#channels.get(record.channel)?.take(record);
  }

  /** The log has another epoch: every channel begins anew with its head in it. */
  begin(epoch: number): void {
    this.#epoch = Math.max(this.#epoch, epoch);
    for (const channel of this.#channels.values()) if (channel.epoch !== 0 && channel.epoch < epoch) channel.ask();
    this.look();
  }

  /** Something may have been missed: the heads say what. */
  look(): void {
    this.#looks += 1;
    if (!this.#isLooking) void this.#look();
  }

  /** What the server refused to answer, though it is there, is asked for again. */
  retry(): void {
    if (!this.#lacks) return;
    this.#lacks = false;
    this.look();
  }

  available(available: boolean): void {
    for (const channel of this.#channels.values()) {
      channel.feed.available(available);
      this.#pump.mark(channel.feed);
    }
  }

  /** The server is away: who waits to follow is told. */
  fail(error: Error): void {
    this.#behind.clear();
    for (const channel of this.#channels.values()) channel.fail(error);
  }

  close(): void {
    for (const channel of this.#channels.values()) {
      channel.fail(new HawserError("log-closed", "the log was closed"));
      channel.feed.close();
    }
    this.#pump.clear();
    this.#channels.clear();
    this.#behind.clear();
  }

  #create(name: string): FollowedChannel {
    if (this.#channels.size >= this.#options.maxFollowed) {
      throw new HawserError("overloaded", `channel ${name} is one past maxFollowed`, { retry: true });
    }
    const { ports } = this.#options;
    const channel = new FollowedChannel(name, {
      onNews: ({ feed }) => this.#pump.mark(feed),
      onBehind: (behind) => this.#catchUp(behind),
      onUnused: () => {
        if (this.#channels.get(name) === channel) this.#channels.delete(name);
      },
      onFollowerError: (error) => ports.onFollowerError?.(error, name),
    });
    this.#channels.set(name, channel);
    return channel;
  }

  async #look(): Promise<void> {
    this.#isLooking = true;
    try {
      for (let seen = -1; seen !== this.#looks;) {
        seen = this.#looks;
        const all = [...this.#channels.values()];
        for (let first = 0; first < all.length; first += maxHeads) {
          const some = all.slice(first, first + maxHeads);
          const asked = some.map(({ standing }) => standing);
          const heads = await this.#options.heads(some.map(({ name }) => name));
          for (const [index, channel] of some.entries()) this.#settle(channel, heads[index]!, asked[index]!);
        }
      }
    } catch {
      // Where the server is away, all heads are asked for when it is back.
      this.#lacks = true;
    } finally {
      this.#isLooking = false;
    }
  }

  #settle(channel: FollowedChannel, head: Head, asked: Standing): void {
    // One that nobody follows yet is settled by who is about to.
    if (this.#channels.get(channel.name) !== channel || channel.epoch === 0) return;
    if (!channel.settle(head, asked)) this.#options.onWentBack(head.epoch);
  }

  #catchUp(channel: FollowedChannel): void {
    if (this.#catchingUp.has(channel)) return;
    this.#behind.add(channel);
    this.#readNext();
  }

  #readNext(): void {
    for (const channel of this.#behind) {
      if (this.#catchingUp.size >= maxCatchingUp) return;
      this.#behind.delete(channel);
      void this.#readOne(channel);
    }
  }

  async #readOne(channel: FollowedChannel): Promise<void> {
    this.#catchingUp.add(channel);
    try {
      while (channel.takePage(await this.#options.read(channel.name, channel.at)));
    } catch {
      // It is still behind when the heads are asked for again.
      this.#lacks = true;
    }
    this.#catchingUp.delete(channel);
    this.#readNext();
  }
}
