import type { Append, AppendOutcome, Follower, FollowHandlers, Head, Page, ReadOptions } from "@hawser/log";
import { BoundFeeds, Condition, readOnly } from "@hawser/log/broker";
import type { BoundSource } from "@hawser/log/broker";
import { unavailable } from "../paced-connection.ts";
import type { FetchedMessages } from "../stream-reader.ts";
import { boundEntry } from "./bindings.ts";
import type { BoundMessage } from "./bindings.ts";
import { maxFetch, pageBackward, pageForward } from "./bound-pages.ts";
import type { Bounds, PageOptions } from "./bound-pages.ts";
import { ProvenStream } from "./proven-stream.ts";
import type { ProvenStreamOptions } from "./proven-stream.ts";
import { WrittenStream } from "./written-stream.ts";
import type { WrittenStreamOptions } from "./written-stream.ts";

/** What a stream of others is followed and read with. */
export interface BoundStreamOptions extends ProvenStreamOptions {
  readonly maxFollowed: number;
  /** Messages that one page looks through. */
  readonly maxScan: number;
  /** How it is written; `undefined`: it is only read. */
  readonly write: StreamWriting | undefined;
}

/** What a stream is written with. */
export interface StreamWriting extends Pick<WrittenStreamOptions, "writer" | "settings" | "nextId"> {
  /** Resolves when the publisher is connected. */
  readonly open: () => Promise<void>;
}

/** The message that was read last: the next read begins with it, so that a stream that went back is found. */
interface Position {
  readonly epoch: number;
  readonly offset: number;
  /** `undefined` where the stream has no message at or below it. */
  readonly id: string | undefined;
}

const waitMs = 1_000;
const pauseMs = 200;
/** How long a stream may take to be read up to its end. */
const timeoutMs = 10_000;

/** A stream that other programs write, for all channels that have their messages in it: one reader of what is new, on each node. */
export class BoundStream implements BoundSource {
  readonly #options: BoundStreamOptions;
  readonly #stream: ProvenStream;
  readonly #feeds: BoundFeeds;
  /** Of how far it was read. */
  readonly #reading: Condition;
  #position: Position | undefined;
  /** Since it was begun to read, where nodes write into it. */
  #written: WrittenStream | undefined;
  /** The end when it was begun to read: what is told begins there. */
  #toldFrom = 0;
  #running = false;
  #floor = 0;
  #available = true;
  #closed = false;

  constructor(options: BoundStreamOptions) {
    this.#options = options;
    this.#stream = new ProvenStream(options);
    this.#feeds = new BoundFeeds(options);
    this.#reading = new Condition(options.ports.timers);
  }

  /** Whether nobody follows it. */
  get isIdle(): boolean {
    return this.#feeds.size === 0 && this.#written?.isWaiting !== true;
  }

  /** Whether nodes write into it. */
  get #isWritten(): boolean {
    return this.#options.write !== undefined;
  }

  /** @throws HawserError `log-unavailable` when the stream does not answer: nothing was written. */
  async append(_key: string, append: Append): Promise<AppendOutcome> {
    const { write } = this.#options;
    if (write === undefined) return readOnly(append.channel);
    await write.open();
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

  async follow(name: string, _key: string, handlers: FollowHandlers): Promise<Follower> {
    const feed = this.#feeds.get(name) ?? this.#feeds.create(name, { name, at: 0, place: undefined });
    return this.#feeds.holding(name, feed, async () => {
      this.#start();
      await this.#standing();
      if (this.#position === undefined) throw unavailable(`the stream ${this.#options.name} is closed`);
      const { epoch, offset } = this.#position;
      if (!feed.active) feed.at = Math.max(feed.at, offset);
      const floor = Math.min(Math.max(this.#floor, this.#written?.base ?? 0), feed.at);
      return this.#feeds.join(name, feed, handlers, headOf({ epoch, floor, end: feed.at }));
    });
  }

  close(): void {
    this.#closed = true;
    this.#feeds.close();
    this.#written?.stop();
    this.#options.reader.close();
    this.#reading.changed();
    void this.#options.epochs.close();
  }

  #start(): void {
    if (!this.#running) void this.#run();
  }

  /** Reads what is new until nobody follows any more; where nodes write, for as long as it is open. */
  async #run(): Promise<void> {
    this.#running = true;
    while (!this.#closed && (!this.isIdle || this.#isWritten)) {
      try {
        await this.#readOn();
        this.#tellAvailable(true);
        this.#written?.flush();
        this.#reading.changed();
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
    const stream = this.#stream;
    const before = this.#position;
    if (before === undefined || before.epoch !== stream.epoch) {
      const position = await this.#begin();
      this.#position = position;
      if (before !== undefined) this.#tellEpoch(position.epoch, this.#toldFrom);
      return;
    }
    const fetched = await this.#options.reader.fetch(before.offset, maxFetch, waitMs);
    // Another node may have found meanwhile that it is another one.
    if (before.epoch !== stream.epoch) return;
    const fresh = freshOf(fetched, before);
    if (fresh === undefined) {
      await stream.changed(before.epoch);
      return;
    }
    this.#trimmed(fetched.start, before);
    for (const message of fresh) this.#deliver(message, before.epoch);
    const { offset, id } = this.#position ?? before;
    if (id !== undefined) await stream.passed(offset, id);
  }

  #deliver(message: BoundMessage, epoch: number): void {
    const counts = this.#written?.pass(message) ?? true;
    if (counts && message.channel !== undefined) this.#feeds.get(message.channel)?.entry(boundEntry(message));
    this.#position = { epoch, offset: message.offset, id: message.id };
  }

  #trimmed(start: number, { epoch, offset }: Position): void {
    if (start - 1 <= this.#floor) return;
    this.#floor = start - 1;
    // What went before it was read is not known here.
    if (start > offset + 1 && start > this.#toldFrom) this.#tellEpoch(epoch, start - 1);
    for (const feed of this.#feeds.values()) feed.floor(Math.min(this.#floor, feed.at));
  }

  #tellEpoch(epoch: number, end: number): void {
    const head = headOf({ epoch, floor: Math.min(this.#floor, end), end });
    for (const feed of this.#feeds.values()) feed.epoch(head);
  }

  #tellAvailable(available: boolean): void {
    if (available === this.#available) return;
    this.#available = available;
    this.#feeds.available(available);
  }

  /** The end of the stream, as it is now; where nodes write into it, as far below as matters. */
  async #begin(): Promise<Position> {
    const { epoch, floor, end } = await this.#stream.bounds();
    this.#written?.stop();
    this.#written = this.#writing(epoch, floor, end);
    this.#toldFrom = end;
    if (this.#written !== undefined) {
      this.#floor = floor;
      return { epoch, offset: this.#written.from, id: undefined };
    }
    const [last] = end > floor ? await this.#stream.between(end - 1, end) : [];
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
    const ends = await this.#stream.bounds();
    if (!this.#isWritten) return ends;
    this.#start();
    const { epoch } = await this.#standing(ends.end);
    if (epoch !== ends.epoch) throw unavailable(`the stream ${this.#options.name} became another one`);
    return { ...ends, floor: Math.max(ends.floor, this.#written!.base) };
  }

  async #paging(channel: string, options: ReadOptions): Promise<PageOptions> {
    const bounds = await this.#bounds();
    const written = this.#written;
    return {
      ...options,
      bounds,
      channel,
      maxScan: this.#options.maxScan,
      between: (after, through) => this.#stream.between(after, through),
      counted: (offset) => written?.counted(offset) ?? true,
    };
  }

  /** Resolves once it was read up to there, and to where it is told from. */
  async #standing(through = 0): Promise<Position> {
    const isThere = (): boolean => (this.#position?.offset ?? -1) >= Math.max(through, this.#toldFrom);
    await this.#reading.until(() => isThere() || this.#closed, timeoutMs);
    if (!isThere()) throw unavailable(`the stream ${this.#options.name} was not read in time`);
    return this.#position!;
  }

  #pause(): Promise<void> {
    const { timers, random } = this.#options.ports;
    return new Promise((resolve) => void timers.after(pauseMs * (0.5 + random.number()), resolve));
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
