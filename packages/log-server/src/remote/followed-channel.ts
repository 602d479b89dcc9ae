import { ChannelFeed } from "@hawser/log";
import type { FeedPump, Follower, FollowHandlers, Head } from "@hawser/log";
import type { Position } from "@hawser/protocol";
import type { FollowerAnswer } from "../wire/answers.ts";
import { WireError } from "../wire/wire-error.ts";
import { unavailable } from "./reconnecting-link.ts";

export interface FollowedChannelOptions {
  readonly name: string;
  readonly pump: FeedPump;
  readonly onFollowerError: (error: unknown) => void;
  /** Nobody here follows it any more. */
  readonly onUnused: () => void;
}

interface Waiting {
  readonly target: Position;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** A channel that this process follows: once over the link, for all its followers here. */
export class FollowedChannel {
  readonly name: string;
  /** Settles once the channel is followed; `undefined` until somebody asked for it. */
  opening: Promise<void> | undefined;
  /** Its name on the link that there is now. */
  id = 0;
  readonly #options: FollowedChannelOptions;
  readonly #feed: ChannelFeed;
  /** What was told last. Its `end` is the position: from there it is resumed. */
  #head: Head | undefined;
  #available = true;
  /** Followers, and those that are about to be. */
  #users = 0;
  #waiting: Waiting[] = [];

  constructor(options: FollowedChannelOptions) {
    this.#options = options;
    this.name = options.name;
    this.#feed = new ChannelFeed(options.onFollowerError);
  }

  /** What was told of it last; `undefined` until it is followed. */
  get position(): Position | undefined {
    return this.#head === undefined ? undefined : { epoch: this.#head.epoch, offset: this.#head.end };
  }

  hold(): void {
    this.#users += 1;
  }

  release(): void {
    this.#users -= 1;
    if (this.#users === 0) this.#options.onUnused();
  }

  /** Following began at this head; when it was followed before, it goes on where it stood. */
  begin(head: Head): void {
    this.#head ??= head;
  }

  /** Resolves when all was told through this head. Rejects when the link breaks before. */
  reached({ epoch, end }: Head): Promise<void> {
    const target = { epoch, offset: end };
    if (this.#hasReached(target)) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiting.push({ target, resolve, reject }));
  }

  /** A new follower, from where the channel stands. It takes over one `hold`. */
  join(handlers: FollowHandlers): Follower {
    return this.#feed.join(handlers, this.#head!, () => this.release());
  }

  /** Throws `WireError` for what does not follow on what was told before. */
  tell(answer: FollowerAnswer): void {
    const head = this.#head;
    if (head === undefined) throw new WireError(`${this.name} is not followed yet`);
    switch (answer.type) {
      case "entries": {
        const { from, to } = answer.interval;
        if (from !== head.end || to < from)
          throw new WireError(`${this.name} goes from ${head.end} on, not from ${from}`);
        this.#head = { ...head, end: to };
        this.#feed.entries(answer.entries, from, to);
        break;
      }
      case "floor":
        this.#head = { ...head, floor: Math.max(head.floor, answer.floor) };
        this.#feed.floor(answer.floor);
        break;
      case "epoch":
        this.#head = answer.head;
        this.#feed.epoch(answer.head);
        break;
      case "available":
        this.available(answer.available);
        break;
    }
    this.#options.pump.mark(this.#feed);
    this.#resolve();
  }

  /** Whether it is followed now. */
  available(available: boolean): void {
    if (available === this.#available) return;
    this.#available = available;
    this.#feed.available(available);
    this.#options.pump.mark(this.#feed);
  }

  /** The link broke. */
  lost(): void {
    this.id = 0;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { reject } of waiting) reject(unavailable("the connection to the log server broke"));
    this.available(false);
  }

  /** Ends all followers without a word. */
  close(): void {
    this.#feed.close();
  }

  #resolve(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = waiting.filter(({ target }) => !this.#hasReached(target));
    for (const { target, resolve } of waiting) if (this.#hasReached(target)) resolve();
  }

  #hasReached({ epoch, offset }: Position): boolean {
    const at = this.position;
    return at !== undefined && (at.epoch > epoch || (at.epoch === epoch && at.offset >= offset));
  }
}
