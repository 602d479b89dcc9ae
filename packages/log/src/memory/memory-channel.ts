import { decideAppend } from "../deduplication/decide-append.ts";
import { ProducerTable } from "../deduplication/producer-table.ts";
import type { ProducerTableOptions } from "../deduplication/producer-table.ts";
import { ChannelFeed } from "../follow/channel-feed.ts";
import type {
  Append,
  AppendOutcome,
  Entry,
  Follower,
  FollowHandlers,
  Head,
  LogPolicy,
  Page,
  ReadOptions,
} from "../log.ts";
import { EntryDeque } from "../retention/entry-deque.ts";
import { mustTrim } from "../retention/must-trim.ts";
import { ownPayload } from "../retention/own-payload.ts";

/** What a memory channel is made with. */
export interface MemoryChannelOptions {
  readonly name: string;
  readonly policy: LogPolicy;
  readonly shared: MemoryChannelShared;
}

/** What all channels of a memory log have in common. */
export interface MemoryChannelShared {
  readonly epoch: number;
  readonly producers: Omit<ProducerTableOptions, "deduplicateMs">;
  readonly onFollowerError: (error: unknown, channel: string) => void;
}

/** The two clocks at one moment: `time` is what entries carry, `moment` never goes back and tells ages. */
export interface Now {
  readonly time: number;
  readonly moment: number;
}

/**
 * One channel of the memory log: its entries, its producers, its followers. There may be a million, of which few are
 * followed, or published to by producers that number what they send: the parts for that are made when they are first used.
 */
export class MemoryChannel {
  readonly #name: string;
  readonly #policy: LogPolicy;
  readonly #shared: MemoryChannelShared;
  readonly #entries = new EntryDeque<Entry>(payloadBytes);
  #producers: ProducerTable | undefined;
  #feed: ChannelFeed | undefined;
  #floor = 0;
  #end = 0;

  constructor(options: MemoryChannelOptions) {
    this.#name = options.name;
    this.#policy = options.policy;
    this.#shared = options.shared;
  }

  /** Its followers; `undefined` while it never had one. */
  get feed(): ChannelFeed | undefined {
    return this.#feed;
  }

  /** See `ChannelFeed.join`. */
  join(handlers: FollowHandlers, head: Head, onClose: () => void): Follower {
    this.#feed ??= new ChannelFeed((error) => this.#shared.onFollowerError(error, this.#name));
    return this.#feed.join(handlers, head, onClose);
  }

  get floor(): number {
    return this.#floor;
  }

  get end(): number {
    return this.#end;
  }

  /** Sum of the payload bytes that are kept. */
  get bytes(): number {
    return this.#entries.bytes;
  }

  /** Nothing would be lost if the channel was forgotten. */
  get unused(): boolean {
    return this.#end === 0 && this.#feed?.active !== true;
  }

  /** Whether time alone will change it. */
  get ages(): boolean {
    return (this.#producers?.size ?? 0) > 0 || (this.#entries.count > 0 && this.#policy.retainAgeMs !== Infinity);
  }

  append(append: Append, now: Now): AppendOutcome {
    const decision = decideAppend(this.#producers?.find(append.producer, now.moment), append);
    switch (decision.kind) {
      case "accept":
        return { kind: "accepted", epoch: this.#shared.epoch, offset: this.#accept(append, now) };
      case "duplicate": {
        const offset = this.#producers?.offsetOf(append.producer, append.sequence);
        return offset === undefined
          ? { kind: "duplicate", epoch: 0, offset: 0 }
          : { kind: "duplicate", epoch: this.#shared.epoch, offset };
      }
      default:
        return decision;
    }
  }

  /** Trims at most `limit` entries and forgets at most `limit` producers. Returns whether more may wait. */
  trim(moment: number, limit: number): boolean {
    const before = this.#floor;
    let left = limit;
    while (left > 0 && mustTrim(this.#policy, this.#entries, moment - this.#entries.oldestMoment)) {
      this.#floor = this.#entries.shift()!.offset;
      left -= 1;
    }
    if (this.#floor !== before) this.#feed?.floor(this.#floor);
    return this.#producers?.expire(moment, limit) === true || left === 0;
  }

  read(after: number, options: ReadOptions): Page {
    const from = Math.max(after, this.#floor);
    const { entries, more } = this.#entries.forward(from, options);
    const to = more ? entries.at(-1)!.offset : Math.max(this.#end, from);
    return { epoch: this.#shared.epoch, floor: this.#floor, interval: { from, to }, entries, more };
  }

  readBackward(through: number, options: ReadOptions): Page {
    const to = Math.max(Math.min(through, this.#end), this.#floor);
    const { entries, more } = this.#entries.backward(to, options);
    const from = more ? entries[0]!.offset - 1 : this.#floor;
    return { epoch: this.#shared.epoch, floor: this.#floor, interval: { from, to }, entries, more };
  }

  #accept(append: Append, now: Now): number {
    const before = this.#end;
    const offset = before + 1;
    const kept = this.#policy.retainCount > 0;
    const entry: Entry = {
      offset,
      time: now.time,
      // Whoever follows keeps it for a while, also where the channel does not.
      payload: kept || this.#feed?.active === true ? ownPayload(append.payload) : append.payload,
      key: append.key,
      publisher: append.publisher,
    };
    this.#end = offset;
    if (append.producer !== "") this.#accepted().accept(append.producer, append.sequence, offset, now.moment);
    this.#feed?.entry(entry, before);
    if (kept) {
      this.#entries.push(entry, now.moment);
    } else {
      this.#floor = offset;
      this.#feed?.floor(offset);
    }
    return offset;
  }

  #accepted(): ProducerTable {
    const { deduplicateMs } = this.#policy;
    return (this.#producers ??= new ProducerTable({ deduplicateMs, ...this.#shared.producers }));
  }
}

function payloadBytes(entry: Entry): number {
  return entry.payload === undefined ? 0 : entry.payload.data.byteLength;
}
