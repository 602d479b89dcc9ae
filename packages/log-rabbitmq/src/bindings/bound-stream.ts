import { ChannelFeed, FeedPump } from "@hawser/log";
import type {
  Append,
  AppendOutcome,
  Follower,
  FollowHandlers,
  Head,
  LogOpenOptions,
  Page,
  ReadOptions,
} from "@hawser/log";
import { HawserError } from "@hawser/protocol";
import { unavailable } from "../paced-connection.ts";
import type { FetchedMessages, StreamReader } from "../stream-reader.ts";
import { boundEntry } from "./bindings.ts";
import type { BoundMessage } from "./bindings.ts";
import { maxFetch, pageBackward, pageForward } from "./bound-pages.ts";
import type { Bounds, PageOptions } from "./bound-pages.ts";
import type { StreamEpochs } from "./stream-epochs.ts";
import { WrittenStream } from "./written-stream.ts";
import type { WrittenStreamOptions } from "./written-stream.ts";

/** What a stream of others is followed and read with. */
export interface BoundStreamOptions {
  readonly name: string;
  readonly reader: StreamReader<BoundMessage>;
  readonly epochs: StreamEpochs;
  readonly ports: LogOpenOptions;
  readonly maxFollowed: number;
  /** Messages that one page looks through. */
  readonly maxScan: number;
  /** How it is written; `undefined`: it is only read. */
  readonly write: StreamWriting | undefined;
}

/** What a stream is written with. */
export type StreamWriting = Pick<WrittenStreamOptions, "writer" | "settings" | "nextId">;

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
  /** Since it was begun to read, where nodes write into it. */
  #written: WrittenStream | undefined;
  /** The end when it was begun to read: what is told begins there. */
  #toldFrom = 0;
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
    return this.#channels.size === 0 && this.#written?.isWaiting !== true;
  }

  /** Whether nodes write into it. */
  get isWritten(): boolean {
    return this.#options.write !== undefined;
  }

  /** @throws HawserError `log-unavailable` when the stream does not answer: nothing was written. */
  async append(append: Append): Promise<AppendOutcome> {
    if (this.#options.write === undefined) {
      const message = `channel ${append.channel} is bound to be read only`;
      return { kind: "failed", code: "log-full", message };
    }
    this.#start();
    await this.#standing();
    return this.#written!.append(append);
  }

  async head(): Promise<Head> {
    return headOf(await this.#bounds());
  }

  async read(channel: string, after: number, options: ReadOptions): Promise<Page> {
    return pageForward(after, await this.#paging(channel, options));
  }

  async readBackward(channel: string, through: number, options: ReadOptions): Promise<Page> {
    return pageBackward(through, await this.#paging(channel, options));
  }

  async follow(name: string, handlers: FollowHandlers): Promise<Follower> {
    const channel = this.#channels.get(name) ?? this.#create(name);
    const forget = (): void => {
      if (!channel.feed.active && this.#channels.get(name) === channel) this.#channels.delete(name);
    };
    try {
      this.#start();
      const position = await this.#standing();
      if (!channel.feed.active) channel.at = position.offset;
      const { epoch } = position;
      const floor = Math.min(Math.max(this.#floor, this.#written?.base ?? 0), channel.at);
      return channel.feed.join(handlers, headOf({ epoch, floor, end: channel.at }), forget);
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
    this.#written?.stop();
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

  #start(): void {
    if (!this.#running) void this.#run();
  }

  /** Reads what is new until nobody follows any more; where nodes write, for as long as it is open. */
  async #run(): Promise<void> {
    this.#running = true;
    while (!this.#closed && (!this.isIdle || this.isWritten)) {
      try {
        await this.#readOn();
        this.#tellAvailable(true);
        this.#written?.flush();
        this.#wake();
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
      if (before !== undefined) this.#tellEpoch(position.epoch, this.#toldFrom);
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
    const counts = this.#written?.pass(message) ?? true;
    const channel = message.channel === undefined || !counts ? undefined : this.#channels.get(message.channel);
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
    if (start > offset + 1 && start > this.#toldFrom) this.#tellEpoch(epoch, start - 1);
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

  /** The end of the stream, as it is now; where nodes write into it, as far below as matters. */
  async #begin(): Promise<Position> {
    const { epoch, floor, end } = await this.#ends();
    this.#written?.stop();
    this.#written = this.#writing(epoch, floor, end);
    this.#toldFrom = end;
    if (this.#written !== undefined) {
      this.#floor = floor;
      return { epoch, offset: this.#written.from, id: undefined };
    }
    const [last] = end > floor ? await this.#between(end - 1, end) : [];
    this.#floor = floor;
    return { epoch, offset: end, id: last?.id };
  }

  #writing(epoch: number, floor: number, end: number): WrittenStream | undefined {
    const { write, ports } = this.#options;
    if (write === undefined) return undefined;
    const isAvailable = (): boolean => this.#available;
    const caughtUp = async (): Promise<void> => void (await this.#bounds());
    return new WrittenStream({ ...write, ports, epoch, floor, end, isAvailable, caughtUp });
  }

  /** What there is of the stream now, all of it passed where it has to be known which of it counts. */
  async #bounds(): Promise<Bounds> {
    const ends = await this.#ends();
    if (!this.isWritten) return ends;
    this.#start();
    const { epoch } = await this.#standing(ends.end);
    if (epoch !== ends.epoch) throw unavailable(`the stream ${this.#options.name} became another one`);
    return { ...ends, floor: Math.max(ends.floor, this.#written!.base) };
  }

  async #ends(): Promise<Bounds> {
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

  async #paging(channel: string, options: ReadOptions): Promise<PageOptions> {
    const bounds = await this.#bounds();
    const written = this.#written;
    return {
      ...options,
      bounds,
      channel,
      maxScan: this.#options.maxScan,
      between: (after, through) => this.#between(after, through),
      counted: (offset) => written?.counted(offset) ?? true,
    };
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

  /** Resolves once it was read up to there, and to where it is told from. */
  async #standing(through = 0): Promise<Position> {
    const isThere = (): boolean => (this.#position?.offset ?? -1) >= Math.max(through, this.#toldFrom);
    let isLate = false;
    const timer = this.#options.ports.timers.after(10_000, () => {
      isLate = true;
      this.#wake();
    });
    while (!isThere() && !isLate && !this.#closed) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    timer.cancel();
    if (!isThere()) throw unavailable(`the stream ${this.#options.name} was not read in time`);
    return this.#position!;
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
