import { ChannelFeed, FeedPump } from "@hawser/log";
import type { Follower, FollowHandlers, Head, LogOpenOptions, Page, ReadOptions } from "@hawser/log";
import { HawserError } from "@hawser/protocol";
import { unavailable } from "../paced-connection.ts";
import type { FetchedMessages, StreamReader } from "../stream-reader.ts";
import { boundEntry } from "./bindings.ts";
import type { BoundMessage } from "./bindings.ts";
import type { StreamEpochs } from "./stream-epochs.ts";

/** What a stream of others is followed and read with. */
export interface BoundStreamOptions {
  readonly name: string;
  readonly reader: StreamReader<BoundMessage>;
  readonly epochs: StreamEpochs;
  readonly ports: LogOpenOptions;
  readonly maxFollowed: number;
  /** Messages that one page looks through. */
  readonly maxScan: number;
}

interface BoundChannel {
  readonly feed: ChannelFeed;
  /** Where its followers stand. */
  at: number;
}

/** The message that was read last: the next read begins with it, so that a stream that went back is found. */
interface Position {
  readonly epoch: number;
  readonly offset: number;
  /** `undefined` where the stream has no message at or below it. */
  readonly id: string | undefined;
}

interface Bounds {
  readonly epoch: number;
  readonly floor: number;
  readonly end: number;
}

const maxFetch = 500;
const waitMs = 1_000;
/** How old the proof may be that the stream is still the same. */
const proofMs = 1_000;
const pauseMs = 200;
/** Messages after which what was seen last is written down. */
const markEvery = 1_000;
/** Beyond the end of every stream. */
const beyond = 2 ** 52;

/** A stream that other programs write, for all channels that have their messages in it: one reader of what is new, on each node. */
export class BoundStream {
  readonly #options: BoundStreamOptions;
  readonly #channels = new Map<string, BoundChannel>();
  readonly #pump = new FeedPump();
  #position: Position | undefined;
  #running = false;
  #provenAt = -Infinity;
  #floor = 0;
  #available = true;
  #closed = false;
  #waiting: (() => void)[] = [];

  constructor(options: BoundStreamOptions) {
    this.#options = options;
  }

  /** Whether nobody follows it. */
  get isIdle(): boolean {
    return this.#channels.size === 0;
  }

  async head(): Promise<Head> {
    return headOf(await this.#bounds());
  }

  async read(channel: string, after: number, { maxCount, maxBytes }: ReadOptions): Promise<Page> {
    const { epoch, floor, end } = await this.#bounds();
    const from = Math.max(after, floor);
    const entries = [];
    let bytes = 0;
    let at = from;
    while (at < end && entries.length < maxCount && bytes < maxBytes && at - from < this.#options.maxScan) {
      const messages = await this.#between(at, Math.min(end, at + maxFetch));
      for (const message of messages) {
        at = message.offset;
        if (message.channel !== channel) continue;
        entries.push(boundEntry(message));
        bytes += message.payload?.data.length ?? 0;
        if (entries.length === maxCount || bytes >= maxBytes) break;
      }
    }
    return { epoch, floor, interval: { from, to: at }, entries, more: at < end };
  }

  async readBackward(channel: string, through: number, { maxCount, maxBytes }: ReadOptions): Promise<Page> {
    const { epoch, floor, end } = await this.#bounds();
    const to = Math.max(floor, Math.min(through, end));
    let found: readonly BoundMessage[] = [];
    let low = to;
    while (low > floor && found.length < maxCount && to - low < this.#options.maxScan) {
      const from = Math.max(floor, low - maxFetch);
      const own = (await this.#between(from, low)).filter((message) => message.channel === channel);
      found = [...own, ...found];
      low = from;
    }
    const kept: BoundMessage[] = [];
    let bytes = 0;
    for (const message of found.toReversed()) {
      if (kept.length === maxCount || bytes >= maxBytes) break;
      kept.unshift(message);
      bytes += message.payload?.data.length ?? 0;
    }
    const from = kept.length < found.length ? kept[0]!.offset - 1 : low;
    return { epoch, floor, interval: { from, to }, entries: kept.map(boundEntry), more: from > floor };
  }

  async follow(name: string, handlers: FollowHandlers): Promise<Follower> {
    const channel = this.#channels.get(name) ?? this.#create(name);
    const forget = (): void => {
      if (!channel.feed.active && this.#channels.get(name) === channel) this.#channels.delete(name);
    };
    try {
      if (!this.#running) void this.#run();
      const position = await this.#standing();
      if (!channel.feed.active) channel.at = position.offset;
      const { epoch } = position;
      return channel.feed.join(
        handlers,
        headOf({ epoch, floor: Math.min(this.#floor, channel.at), end: channel.at }),
        forget,
      );
    } catch (error) {
      forget();
      throw error;
    }
  }

  close(): void {
    this.#closed = true;
    for (const { feed } of this.#channels.values()) feed.close();
    this.#channels.clear();
    this.#pump.clear();
    this.#options.reader.close();
    this.#wake();
    void this.#options.epochs.close();
  }

  #create(name: string): BoundChannel {
    const { ports, maxFollowed } = this.#options;
    if (this.#channels.size >= maxFollowed) {
      throw new HawserError("overloaded", `channel ${name} is one past maxBoundFollowed`, { retry: true });
    }
    const channel = { feed: new ChannelFeed((error) => ports.onFollowerError?.(error, name)), at: 0 };
    this.#channels.set(name, channel);
    return channel;
  }

  /** Reads what is new until nobody follows any more. */
  async #run(): Promise<void> {
    this.#running = true;
    while (!this.#closed && !this.isIdle) {
      try {
        await this.#readOn();
        this.#tellAvailable(true);
      } catch {
        // As the next attempt will find.
        this.#tellAvailable(false);
        await this.#pause();
      }
    }
    this.#running = false;
    this.#position = undefined;
    this.#options.reader.close();
  }

  async #readOn(): Promise<void> {
    const { reader, epochs } = this.#options;
    const before = this.#position;
    if (before === undefined || before.epoch !== epochs.mark?.epoch) {
      const position = await this.#begin();
      this.#position = position;
      if (before !== undefined) this.#tellEpoch(position.epoch, position.offset);
      this.#wake();
      return;
    }
    const fetched = await reader.fetch(before.offset, maxFetch, waitMs);
    // Another node may have found meanwhile that it is another one.
    if (before.epoch !== epochs.mark?.epoch) return;
    const fresh = freshOf(fetched, before);
    if (fresh === undefined) {
      this.#provenAt = -Infinity;
      await this.#renew(before.epoch);
      return;
    }
    this.#trimmed(fetched.start, before);
    for (const message of fresh) this.#deliver(message, before.epoch);
    const { offset, id } = this.#position ?? before;
    if (id !== undefined && offset - epochs.mark.offset >= markEvery) await epochs.write(offset, id, false);
  }

  #deliver(message: BoundMessage, epoch: number): void {
    const channel = message.channel === undefined ? undefined : this.#channels.get(message.channel);
    if (channel !== undefined && message.offset > channel.at) {
      channel.feed.entry(boundEntry(message), channel.at);
      channel.at = message.offset;
      this.#pump.mark(channel.feed);
    }
    this.#position = { epoch, offset: message.offset, id: message.id };
  }

  #trimmed(start: number, { epoch, offset }: Position): void {
    if (start - 1 <= this.#floor) return;
    this.#floor = start - 1;
    // What went before it was read is not known here.
    if (start > offset + 1) this.#tellEpoch(epoch, start - 1);
    for (const { feed, at } of this.#channels.values()) {
      feed.floor(Math.min(this.#floor, at));
      this.#pump.mark(feed);
    }
  }

  #tellEpoch(epoch: number, end: number): void {
    for (const channel of this.#channels.values()) {
      channel.at = end;
      channel.feed.epoch(headOf({ epoch, floor: Math.min(this.#floor, end), end }));
      this.#pump.mark(channel.feed);
    }
  }

  #tellAvailable(available: boolean): void {
    if (available === this.#available) return;
    this.#available = available;
    for (const { feed } of this.#channels.values()) {
      feed.available(available);
      this.#pump.mark(feed);
    }
  }

  /** The end of the stream, as it is now. */
  async #begin(): Promise<Position> {
    const { epoch, floor, end } = await this.#bounds();
    const [last] = end > floor ? await this.#between(end - 1, end) : [];
    this.#floor = floor;
    return { epoch, offset: end, id: last?.id };
  }

  async #bounds(): Promise<Bounds> {
    await this.#prove();
    const { reader, epochs } = this.#options;
    const { start, end } = await reader.fetch(beyond, 1, 0);
    return { epoch: epochs.mark!.epoch, floor: start - 1, end };
  }

  /** Looks whether the stream still has what the nodes agreed on. */
  async #prove(): Promise<void> {
    const { reader, epochs, ports } = this.#options;
    await epochs.open();
    if (ports.clock.monotonic() - this.#provenAt < proofMs) return;
    const { mark } = epochs;
    if (mark === undefined) {
      await this.#renew(0);
    } else if (mark.offset > 0) {
      const { records, start, end } = await reader.fetch(mark.offset, 1, 0);
      const there = records[0]?.offset === mark.offset ? records[0] : undefined;
      // What was trimmed says nothing.
      if (end < mark.offset || (start <= mark.offset && there?.id !== mark.id)) await this.#renew(mark.epoch);
    }
    this.#provenAt = ports.clock.monotonic();
  }

  /** Begins an epoch, unless another node did already. */
  async #renew(above: number): Promise<void> {
    const { reader, epochs } = this.#options;
    if ((epochs.mark?.epoch ?? 0) !== above) return;
    const { start, end } = await reader.fetch(beyond, 1, 0);
    const [last] = end >= start ? await this.#between(end - 1, end) : [];
    await epochs.write(last?.offset ?? 0, last?.id ?? "", true);
  }

  /** The messages of `(after, through]`, all of which the stream is known to have had. */
  async #between(after: number, through: number): Promise<readonly BoundMessage[]> {
    const found: BoundMessage[] = [];
    for (let at = after; at < through;) {
      const { records } = await this.#options.reader.fetch(at + 1, through - at, 0);
      if (records[0]?.offset !== at + 1)
        throw unavailable(`the stream ${this.#options.name} changed while it was read`);
      for (const message of records) if (message.offset <= through) found.push(message);
      at = records.at(-1)!.offset;
    }
    return found;
  }

  async #standing(): Promise<Position> {
    let isLate = false;
    const timer = this.#options.ports.timers.after(10_000, () => {
      isLate = true;
      this.#wake();
    });
    while (this.#position === undefined && !isLate && !this.#closed) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    timer.cancel();
    if (this.#position === undefined) throw unavailable(`the stream ${this.#options.name} was not read in time`);
    return this.#position;
  }

  #pause(): Promise<void> {
    const { timers, random } = this.#options.ports;
    return new Promise((resolve) => void timers.after(pauseMs * (0.5 + random.number()), resolve));
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}

function headOf({ epoch, floor, end }: Bounds): Head {
  return { epoch, floor, end: Math.max(floor, end), lineage: [{ epoch, start: 0 }] };
}

/** What was not read before; `undefined` when what was read before is not there. */
function freshOf({ records, start, end }: FetchedMessages<BoundMessage>, { offset, id }: Position) {
  if (end < offset) return undefined;
  if (id === undefined || start > offset) return records.filter((message) => message.offset > offset);
  const [overlap] = records;
  return overlap?.offset === offset && overlap.id === id ? records.slice(1) : undefined;
}
