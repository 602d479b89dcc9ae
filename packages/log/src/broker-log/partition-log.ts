import { assert, HawserError } from "@hawser/protocol";
import { FeedPump } from "../follow/feed-pump.ts";
import type {
  Append,
  AppendOutcome,
  EpochStart,
  Follower,
  FollowHandlers,
  Head,
  LogOpenOptions,
  Page,
  ReadOptions,
} from "../log.ts";
import { Aging } from "../memory/aging.ts";
import type { Verdict } from "../prefix/accepted-prefix.ts";
import type { WarmStart } from "../prefix/cold-start.ts";
import type { Broker } from "../prefix/broker.ts";
import type { PlacedRecord } from "../prefix/log-record.ts";
import { ownPayload } from "../retention/own-payload.ts";
import type { BrokerLogSettings } from "./broker-log-options.ts";
import { BlockReader, unavailable } from "./block-reader.ts";
import { ChannelView, entryOf } from "./channel-view.ts";
import { History } from "./history.ts";
import { LogReader } from "./log-reader.ts";
import type { ReaderEvents, StartKind } from "./reader-events.ts";
import { PendingAppends } from "./pending-appends.ts";
import { PlainOrder } from "./plain-order.ts";
import { TailBudget } from "./tail-budget.ts";

/** Options of a {@link PartitionLog}. */
export interface PartitionLogOptions {
  /** This node's connection to the partition. */
  readonly broker: Broker;
  readonly settings: Required<BrokerLogSettings>;
  readonly open: LogOpenOptions;
  /** Makes the identity of a record, unlike that of any other. */
  readonly nextId: () => string;
}

interface Open {
  readonly kind: "open";
  readonly reader: LogReader;
  readonly pending: PendingAppends;
  readonly aging: Aging<ChannelView>;
  readonly blocks: BlockReader;
  readonly tails: TailBudget;
  /** Of the state that the reader goes on from; `undefined` before it has one. */
  history: History | undefined;
}

type State = Open | { readonly kind: "closed" };

/** Entries that are trimmed in one step at most. */
const maxTrimStep = 4_096;
/** How often a page is planned anew because the log was trimmed or went back under it. */
const maxPlans = 8;

/**
 * The log port over one partition of a broker that can order records and nothing else. All nodes of a service share the
 * partition; whether a record counts is decided by those who read it (`AcceptedPrefix`), alike on every node. Many
 * channels share it, so that their offsets have holes.
 */
export class PartitionLog {
  readonly #options: PartitionLogOptions;
  readonly #views = new Map<string, ChannelView>();
  readonly #pump = new FeedPump();
  /** The oldest offset that the broker has left. */
  #oldest = 1;
  #state: State;

  constructor(options: PartitionLogOptions) {
    this.#options = options;
    this.#state = this.#start(options);
  }

  /** Resolves when all was read that the partition had; rejects with `log-unavailable` when that takes too long. */
  async opened(): Promise<void> {
    const { reader } = this.#requireOpen();
    if (await reader.caughtUp(this.#options.settings.openTimeoutMs)) return;
    throw notShown(reader);
  }

  append(appends: readonly Append[]): Promise<readonly AppendOutcome[]> {
    if (this.#state.kind !== "open") return Promise.resolve(appends.map(() => closedOutcome));
    return this.#state.pending.add(appends.map((append) => ({ ...append, payload: ownPayload(append.payload) })));
  }

  async head(channel: string): Promise<Head> {
    const open = await this.#caughtUp();
    return this.#headOf(open, channel);
  }

  read(channel: string, after: number, options: ReadOptions): Promise<Page> {
    return this.#page(channel, after, async (view, history) => {
      const from = Math.max(after, view.floor);
      const { entries, more, end } = await history.forward(view, from, options);
      const { floor } = view;
      const kept = entries.filter(({ offset }) => offset > floor);
      const last = kept.at(-1);
      // All that was found was trimmed meanwhile, and there is more.
      if (more && last === undefined) return undefined;
      const to = more && last !== undefined ? last.offset : Math.max(end, from, floor);
      return { floor, interval: { from: Math.max(from, floor), to }, entries: kept, more };
    });
  }

  readBackward(channel: string, through: number, options: ReadOptions): Promise<Page> {
    return this.#page(channel, 0, async (view, history) => {
      const to = Math.max(Math.min(through, view.end), view.floor);
      const { entries, more } = await history.backward(view, to, options);
      const { floor } = view;
      const kept = entries.filter(({ offset }) => offset > floor);
      const oldest = kept.length === entries.length && more ? kept[0] : undefined;
      const from = oldest === undefined ? floor : oldest.offset - 1;
      return { floor, interval: { from, to: Math.max(to, floor) }, entries: kept, more: oldest !== undefined };
    });
  }

  async follow(channel: string, handlers: FollowHandlers): Promise<Follower> {
    const open = await this.#caughtUp();
    if (!this.#views.has(channel) && this.#views.size >= this.#options.settings.maxChannels) {
      throw new HawserError("log-full", `channel ${channel} is one past maxChannels`, { retry: true });
    }
    const view = this.#view(channel, open);
    view.joined();
    return view.feed.join(handlers, this.#headOf(open, channel), () => {
      if (view.isUnused) this.#views.delete(channel);
    });
  }

  /** Takes nothing any more; resolves when what waits has its outcome. */
  async close(): Promise<void> {
    const state = this.#state;
    this.#state = { kind: "closed" };
    if (state.kind !== "open") return;
    await state.pending.empty();
    this.#stop(state);
  }

  /** Ends at once: what waits fails. */
  abandon(): void {
    if (this.#state.kind === "open") this.#stop(this.#state);
  }

  #start({ broker, settings, open, nextId }: PartitionLogOptions): Open {
    const { clock, timers, random } = open;
    const reader = new LogReader(
      { ...settings, broker, clock, timers, random, nextId, prefix: settings, maxFetch: 1_000 },
      this.#readerEvents(),
    );
    // The first word of a client's producer has 24 characters.
    const plain = new PlainOrder(`plain ${nextId()}`, settings.maxPlainChannels);
    const pending = new PendingAppends({
      nextId,
      plain,
      timers,
      monotonic: () => clock.monotonic(),
      // Whether it arrived is seen by reading: an error tells no more than silence.
      send: (records) => broker.produce(records).catch(() => {}),
      recordOf: (append, id) => {
        const epoch = reader.serving && reader.available ? reader.prefix?.epoch : undefined;
        if (epoch === undefined) return undefined;
        const deduplicateMs = plain.has(append) ? settings.plainWindowMs : open.policyOf(append.channel).deduplicateMs;
        return { kind: "append", id, epoch, deduplicateMs, ...append };
      },
      ...settings,
      timeoutMs: settings.appendTimeoutMs,
    });
    const aging = new Aging<ChannelView>({ timers, intervalMs: 1_000, maxVisits: 256 }, (view) => this.#trim(view));
    const blocks = new BlockReader({
      ...settings,
      broker,
      clock,
      timers,
      passedThrough: () => reader.passedThrough,
      confirm: async () => {
        if (!(await reader.caughtUp(settings.readTimeoutMs))) throw notShown(reader);
      },
      onTrimmed: (start) => this.#trimBelow(start),
    });
    const tails = new TailBudget({ ...settings, blockOf: (offset) => blocks.blockOf(offset) });
    return { kind: "open", reader, pending, aging, blocks, tails, history: undefined };
  }

  #stop(open: Open): void {
    this.#state = { kind: "closed" };
    open.reader.stop();
    open.pending.stop();
    open.aging.stop();
    for (const view of this.#views.values()) view.feed.close();
    this.#pump.clear();
    this.#views.clear();
  }

  #readerEvents(): ReaderEvents {
    // The reader goes on while appends are waited for in `close`, so the state is that of the time when it was opened.
    let open: Open | undefined;
    const current = (): Open => {
      if (this.#state.kind === "open") open = this.#state;
      assert(open !== undefined, "the reader runs only in a log that is open");
      return open;
    };
    return {
      onStart: (start, kind, oldest) => this.#onStart(current(), start, kind, oldest),
      onRecord: (placed, verdict, isTold) => this.#onRecord(current(), placed, verdict, isTold),
      onServing: (wasSuspended) => {
        if (wasSuspended) this.#tellEpoch(current().reader.prefix?.lineage ?? []);
        current().pending.resend();
      },
      onTrimmed: (start) => this.#trimBelow(start),
      onAvailable: (available) => {
        for (const view of this.#views.values()) view.feed.available(available);
        this.#markAll();
        if (available) current().pending.flush();
      },
    };
  }

  #onStart(open: Open, { prefix, from, passed }: WarmStart, kind: StartKind, oldest: number): void {
    open.history?.close();
    open.blocks.clear();
    open.tails.clear();
    this.#oldest = Math.max(oldest, prefix.base + 1);
    open.history = new History({
      blocks: open.blocks,
      prefix,
      passedFrom: passed === undefined ? Math.max(0, from - 1) : from,
      start: () => this.#oldest,
      viewOf: (channel) => this.#view(channel, open),
      onChanged: (view) => {
        this.#trim(view);
        open.aging.add(view);
      },
    });
    for (const view of this.#views.values()) {
      const end = prefix.endOf(view.channel) ?? 0;
      view.restart(end, Math.min(end, this.#oldest - 1), kind === "same");
      if (kind === "same") view.skipLost(from, prefix.lineage);
    }
    // Before a log has begun anew it has no epoch to tell of; the record that begins it comes next.
    if (kind === "other" && prefix.epoch > 0) this.#tellEpoch(prefix.lineage);
    this.#markAll();
  }

  #onRecord(open: Open, placed: PlacedRecord, verdict: Verdict, isTold: boolean): void {
    const { record } = placed;
    if (verdict.kind === "epoch") {
      if (verdict.anew) {
        open.tails.clear();
        for (const view of this.#views.values()) view.restart(0, 0, false);
      }
      if (isTold) this.#tellEpoch(open.reader.prefix?.lineage ?? []);
      // What waits was written for the epoch before, or was not written at all.
      if (isTold) open.pending.flush();
      return;
    }
    if (record.kind !== "append") return;
    if (verdict.kind === "accepted") {
      const view = this.#view(record.channel, open);
      const entry = entryOf(placed, { ...record, payload: ownPayload(record.payload) });
      view.accept(entry, isTold);
      open.tails.add(view, entry);
      this.#trim(view);
      open.aging.add(view);
    } else {
      // So many did not count that the oldest of them were forgotten.
      this.#trimBelow((open.reader.prefix?.base ?? 0) + 1);
    }
    if (isTold) open.pending.passed(record.id, verdict);
  }

  #tellEpoch(lineage: readonly EpochStart[]): void {
    for (const view of this.#views.values()) view.newEpoch(lineage);
    this.#markAll();
  }

  async #page(
    channel: string,
    at: number,
    find: (view: ChannelView, history: History) => Promise<Omit<Page, "epoch"> | undefined>,
  ): Promise<Page> {
    for (let plans = 0; plans < maxPlans; plans += 1) {
      const open = plans === 0 && this.#isServing() ? this.#requireOpen() : await this.#caughtUp();
      const { history } = open;
      const { prefix } = open.reader;
      const epoch = prefix?.epoch ?? 0;
      const view = this.#known(channel, open);
      if (view === undefined || history === undefined) {
        return { epoch, floor: 0, interval: { from: at, to: at }, entries: [], more: false };
      }
      const isSame = (): boolean => open.reader.serving && open.history === history && prefix?.epoch === epoch;
      try {
        const page = await find(view, history);
        if (page !== undefined && isSame()) return { epoch, ...page };
      } catch (error) {
        if (isSame()) throw error;
      }
    }
    throw unavailable("the log changes faster than it can be read");
  }

  /** The view of a channel that has entries or followers. */
  #known(channel: string, open: Open): ChannelView | undefined {
    const view = this.#views.get(channel);
    if (view !== undefined || open.reader.prefix?.endOf(channel) === undefined) return view;
    return this.#view(channel, open);
  }

  #view(channel: string, { reader: { prefix }, history }: Open): ChannelView {
    const known = this.#views.get(channel);
    if (known !== undefined) return known;
    const { policyOf, onFollowerError } = this.#options.open;
    const view = new ChannelView(channel, policyOf(channel), (error) => onFollowerError?.(error, channel));
    const end = prefix?.endOf(channel) ?? 0;
    // What it had before that is gone is not known, unless it had nothing.
    const hasBegun = prefix?.hasBegun(channel) === true;
    view.restart(hasBegun ? 0 : end, hasBegun || history === undefined ? 0 : Math.min(end, this.#oldest - 1), false);
    this.#views.set(channel, view);
    return view;
  }

  #trim(view: ChannelView): boolean {
    const more = view.trim(this.#options.open.clock.now(), maxTrimStep);
    this.#pump.mark(view.feed);
    return more;
  }

  #trimBelow(start: number): void {
    if (this.#state.kind !== "open" || start <= this.#oldest) return;
    const { blocks, history, reader } = this.#state;
    const isIndexed = history?.isIndexed ?? true;
    for (const view of this.#views.values()) view.trimBelow(start, (block) => blocks.startOf(block), isIndexed);
    this.#oldest = start;
    reader.prefix?.trimmed(start - 1);
    this.#markAll();
  }

  #markAll(): void {
    for (const view of this.#views.values()) this.#pump.mark(view.feed);
  }

  #headOf(open: Open, channel: string): Head {
    const lineage = open.reader.prefix?.lineage ?? [];
    const known = this.#known(channel, open)?.head(lineage);
    if (known !== undefined) return known;
    const own = lineage.map(({ epoch }) => ({ epoch, start: 0 }));
    return { epoch: lineage.at(-1)?.epoch ?? 0, floor: 0, end: 0, lineage: own };
  }

  #isServing(): boolean {
    return this.#state.kind === "open" && this.#state.reader.serving;
  }

  async #caughtUp(): Promise<Open> {
    const open = this.#requireOpen();
    const isCaughtUp = await open.reader.caughtUp(this.#options.settings.readTimeoutMs);
    // It may have been closed in the meantime.
    this.#requireOpen();
    if (!isCaughtUp) throw notShown(open.reader);
    return open;
  }

  #requireOpen(): Open {
    if (this.#state.kind !== "open") throw new HawserError("log-closed", "the log is not open");
    return this.#state;
  }
}

/** The broker's own words are all that an operator has to go by. */
function notShown({ failure }: LogReader): HawserError {
  const why = failure instanceof Error ? `: ${failure.message}` : "";
  return unavailable(`the broker did not show its log in time${why}`, failure);
}

const closedOutcome: AppendOutcome = { kind: "failed", code: "log-unavailable", message: "the log is not open" };
