import { assert, messageCost } from "@hawser/protocol";
import type { Head } from "@hawser/log";
import type { Interval, ResetReason } from "@hawser/protocol";
import { encodeBlock, encodeFramed } from "./block.ts";
import type { Block } from "./block.ts";
import type { ChannelFeed } from "./channel-feed.ts";
import type { DeliveryRate } from "./delivery-rate.ts";
import { blockCostOf } from "./lane.ts";
import type { Lane } from "./lane.ts";
import type { Source, SourceReader } from "./source.ts";
import { resolvePosition } from "./start.ts";
import type { Run } from "./tail.ts";

/** The connection that a subscription writes to, as the subscription sees it. */
export interface Reader extends SourceReader {
  /** The window in which the peer inflates; 0: it takes nothing compressed. */
  readonly windowBytes: number;
  /** A page could not be read; the subscription stands still until it is asked again. */
  onReadFailed(subscription: Subscription, error: unknown): void;
  after(delayMs: number, callback: () => void): void;
  onDelivered(messages: number, shared: boolean): void;
  onReset(reason: ResetReason): void;
}

export interface SubscriptionOptions {
  readonly feed: ChannelFeed;
  readonly reader: Reader;
  readonly generation: number;
  readonly cursor: number;
  /** The user may read nothing at or below it (SUB-11); `undefined`: he has the right to history. */
  readonly grantStart: number | undefined;
  /** 0: not limited. */
  readonly credit: number;
  /** Shared with other grants of the channel; `undefined`: not limited. */
  readonly rate: DeliveryRate | undefined;
  /** Monotonic milliseconds. */
  readonly now: number;
}

type Told = { readonly lost: Interval | undefined; readonly reset: ResetReason };

/** A session's cursor on a channel: one grant. It holds no messages but at most one page that was read from the log. */
export class Subscription implements Source {
  // What each delivery touches stands first, and so close together: there are many, and most are not in the caches.
  readonly #reader: Reader;
  #closed = false;
  behind: Source | undefined = undefined;
  readonly feed: ChannelFeed;
  #cursor: number;
  readonly generation: number;
  #told: Told | undefined;
  #credit: number;
  /** `undefined`: not limited. */
  readonly #rate: DeliveryRate | undefined;
  deficit = 0;
  /** Monotonic milliseconds of the last batch, for SUB-7: whole ones, which need no memory beside the subscription. */
  lastBatchAt: number;
  /** Where the client stands by what was written to it: not where the cursor was set by what it has yet to be told. */
  #sentOffset: number;
  #page: Run | undefined;
  readonly lane: Lane;
  /** The epoch that it knows of: it is told of another before anything of it. */
  #sentEpoch: number;
  #grantStart: number | undefined;
  /** Through it lies what was published before the grant. */
  #history: number;
  #cost = 0;
  #waitsForRate = false;
  #reading = false;

  constructor(options: SubscriptionOptions) {
    this.feed = options.feed;
    this.generation = options.generation;
    this.lane = options.feed.policy.lane ?? "normal";
    this.#reader = options.reader;
    this.#cursor = options.cursor;
    this.#grantStart = options.grantStart;
    this.#history = options.feed.known().end;
    this.#sentOffset = options.cursor;
    this.#sentEpoch = options.feed.epoch;
    this.#credit = options.credit;
    this.lastBatchAt = Math.floor(options.now);
    this.#rate = options.rate;
    this.feed.subscriptions.add(this);
  }

  /** The offset through which it was sent. */
  get cursor(): number {
    return this.#cursor;
  }

  wake(): void {
    if (!this.#closed) this.#reader.wake(this);
  }

  /** More may be sent; a lower credit than before is ignored (SUB-10). */
  allow(credit: number): void {
    if (this.#credit === 0 || credit <= this.#credit) return;
    this.#credit = credit;
    this.wake();
  }

  /** The client asks for what is behind `offset` again (SUB-8). */
  seek(offset: number): void {
    if (offset > this.#cursor) return;
    const lowest = Math.max(this.feed.readableFloor, this.#grantStart ?? 0);
    this.#page = undefined;
    this.#sentOffset = offset;
    if (offset < lowest) {
      this.#told = { lost: { from: offset, to: lowest }, reset: "trimmed" };
      this.#cursor = lowest;
    } else this.#cursor = offset;
    this.wake();
  }

  /**
   * The right to history has gone. False when messages that were published before the grant are still to be sent: then
   * the subscription has to end.
   */
  forgoHistory(): boolean {
    if (this.#grantStart !== undefined) return true;
    if (this.#cursor < this.#history) return false;
    this.#grantStart = this.#history;
    return true;
  }

  /**
   * The log has a new epoch: the cursor is set as for a client that returns from where this one stands. What it had yet
   * to be told is part of that, or is no longer true.
   */
  restart(head: Head): void {
    const start = resolvePosition(head, { epoch: this.#sentEpoch, offset: this.#sentOffset });
    assert(start.kind === "start", `the epoch of ${this.feed.name} fell from ${this.#sentEpoch} to ${head.epoch}`);
    this.#page = undefined;
    this.#cursor = start.offset;
    this.#told = { lost: start.lost, reset: start.reset };
    if (start.reset === "unknown" || start.reset === "ahead") this.#beginAnew(head, start.reset);
    else if (start.reset === "truncated") this.#beginBelow(start.offset);
    this.wake();
  }

  /** The next piece to write, or `undefined` when there is nothing, or nothing yet. */
  next(now: number): Uint8Array | undefined {
    if (this.#closed) return undefined;
    const { latest } = this.feed;
    if (latest !== undefined && this.#told === undefined) {
      if (this.#cursor === latest.to) return undefined;
      if (this.#credit === 0 && this.#rate === undefined && this.#isNext(latest)) return this.#give(latest, true, now);
    }
    this.#noticeTrim();
    if (this.#told !== undefined) return this.#encodeReset();
    const run = this.#waitsForRate ? undefined : this.#nextRun();
    if (run === undefined) return undefined;
    assert(run.from === this.#cursor, "a run that begins elsewhere than at the cursor");
    const credited = this.#withinCredit(run);
    const allowed = credited && this.#withinRate(credited, now);
    if (allowed === undefined) return undefined;
    return this.#encode(allowed, allowed === run, now);
  }

  /** An empty batch from the cursor, so that a loss with nothing after it is found (SUB-7). */
  idleBatch(now: number): Uint8Array | undefined {
    if (this.#closed || this.#told !== undefined || this.#cursor > this.feed.tail.to) return undefined;
    return this.#encode({ from: this.#cursor, to: this.#cursor, entries: [] }, true, now);
  }

  close(): void {
    this.#closed = true;
    this.#page = undefined;
    this.feed.subscriptions.delete(this);
  }

  /** Nothing here is what the client has seen: all that the log holds was published before its grant counts in it. */
  #beginAnew(head: Head, reset: ResetReason): void {
    this.#history = head.end;
    if (this.#grantStart === undefined) return;
    this.#grantStart = head.end;
    this.#cursor = head.end;
    const lost = head.end > head.floor ? { from: head.floor, to: head.end } : undefined;
    this.#told = { lost, reset };
  }

  /** The log went back: what follows is new, though the grant began above it. */
  #beginBelow(offset: number): void {
    this.#history = Math.min(this.#history, offset);
    if (this.#grantStart !== undefined) this.#grantStart = Math.min(this.#grantStart, offset);
  }

  #noticeTrim(): void {
    const floor = this.feed.readableFloor;
    if (this.#cursor >= floor) return;
    this.#page = undefined;
    const from = this.#told?.lost?.from ?? this.#cursor;
    this.#told = { lost: { from, to: floor }, reset: this.#told?.reset || "trimmed" };
    this.#cursor = floor;
  }

  #nextRun(): Run | undefined {
    const { feed } = this;
    if (this.#cursor >= feed.tail.to) return undefined;
    if (this.#page !== undefined) return this.#page;
    const held = feed.take(this.#cursor, blockCostOf(this.lane));
    if (held !== undefined) return held;
    const page = feed.findPage(this.#cursor);
    // Who waits for credit holds no page.
    if (page === undefined && (this.#credit === 0 || this.#cost < this.#credit)) this.#readPage();
    return page;
  }

  #readPage(): void {
    if (this.#reading) return;
    this.#reading = true;
    const cursor = this.#cursor;
    const { epoch } = this.feed;
    this.feed.readPage(cursor).then(
      (run) => {
        this.#reading = false;
        if (this.#closed) return;
        const moved = this.#cursor !== cursor || this.feed.epoch !== epoch;
        if (!moved && run.from === cursor && run.to > cursor) this.#page = run;
        // Without progress (the epoch is about to change) asking again would spin: the feed wakes it.
        if (moved || this.#page !== undefined || cursor < this.feed.readableFloor) this.wake();
      },
      (error: unknown) => {
        this.#reading = false;
        if (!this.#closed) this.#reader.onReadFailed(this, error);
      },
    );
  }

  /** The part of a run that the credit allows: a message may be sent while the cost before it is below the credit. */
  #withinCredit(run: Run): Run | undefined {
    if (this.#credit === 0) return run;
    let cost = this.#cost;
    let count = 0;
    for (const entry of run.entries) {
      if (cost >= this.#credit) break;
      cost += messageCost(entry.payload);
      count += 1;
    }
    if (count === run.entries.length) return run;
    return count === 0 ? undefined : firstOf(run, count);
  }

  /** The part of a run that the rate allows; the rest waits until as much as ever may be sent at once. */
  #withinRate(run: Run, now: number): Run | undefined {
    const rate = this.#rate;
    if (rate === undefined) return run;
    const count = Math.min(run.entries.length, rate.available(now));
    rate.spend(count);
    if (count === run.entries.length) return run;
    this.#waitForRate(rate.waitMs(now));
    return count === 0 ? undefined : firstOf(run, count);
  }

  #waitForRate(delayMs: number): void {
    if (this.#waitsForRate) return;
    this.#waitsForRate = true;
    this.#reader.after(delayMs, () => {
      this.#waitsForRate = false;
      this.wake();
    });
  }

  /** Whether a block begins at the cursor, and was made for subscriptions such as this one. */
  #isNext({ from, generation, encoding }: Block): boolean {
    return from === this.#cursor && generation === this.generation && encoding === this.#reader.encoding;
  }

  #latestOf(run: Run): Block | undefined {
    const { latest } = this.feed;
    return latest !== undefined && latest.to === run.to && this.#isNext(latest) ? latest : undefined;
  }

  #encode(run: Run, shareable: boolean, now: number): Uint8Array {
    const { feed } = this;
    const { encoding } = this.#reader;
    const key = { number: feed.number, generation: this.generation, epoch: feed.epoch };
    const found = shareable ? (this.#latestOf(run) ?? feed.blocks.find(run, key, encoding)) : undefined;
    const block = found ?? encodeBlock(run, key, encoding);
    if (shareable && found === undefined) feed.keep(block);
    const bytes = this.#give(block, found !== undefined, now);
    return shareable ? feed.blocks.bytesOf(block, this.#reader.windowBytes) : bytes;
  }

  #give(block: Block, shared: boolean, now: number): Uint8Array {
    this.lastBatchAt = Math.floor(now);
    this.#cursor = block.to;
    this.#sentOffset = block.to;
    if (this.#credit !== 0) this.#cost += block.cost;
    if (this.#page !== undefined) this.#page = undefined;
    this.#reader.onDelivered(block.messages, shared);
    return block.bytes;
  }

  #encodeReset(): Uint8Array {
    const told = this.#told!;
    this.#told = undefined;
    this.#sentEpoch = this.feed.epoch;
    this.#sentOffset = this.#cursor;
    this.#reader.onReset(told.reset);
    const frame = {
      type: "reset",
      number: this.feed.number,
      generation: this.generation,
      epoch: this.feed.epoch,
      offset: this.#cursor,
      lost: told.lost,
      reset: told.reset,
    } as const;
    return encodeFramed(frame, this.#reader.encoding);
  }
}

/** The first entries of a run that has more. */
function firstOf(run: Run, count: number): Run {
  const entries = run.entries.slice(0, count);
  return { ...run, to: entries[count - 1]!.offset, entries };
}
