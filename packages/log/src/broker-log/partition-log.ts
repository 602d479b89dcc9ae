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
import { ChannelView } from "./channel-view.ts";
import type { PlannedPage } from "./channel-view.ts";
import { fetchAccepted, unavailable } from "./fetch-accepted.ts";
import { LogReader } from "./log-reader.ts";
import type { ReaderEvents, StartKind } from "./reader-events.ts";
import { PendingAppends } from "./pending-appends.ts";

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
  #state: State;

  constructor(options: PartitionLogOptions) {
    this.#options = options;
    this.#state = this.#start(options);
  }

  /** Resolves when all was read that the partition had; rejects with `log-unavailable` when that takes too long. */
  async opened(): Promise<void> {
    const { reader } = this.#requireOpen();
    if (await reader.caughtUp(this.#options.settings.openTimeoutMs)) return;
    throw new HawserError("log-unavailable", "the broker did not show its log in time", { retry: true });
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
    return this.#page(channel, after, (view) => view.plan(after, options));
  }

  readBackward(channel: string, through: number, options: ReadOptions): Promise<Page> {
    return this.#page(channel, 0, (view) => view.planBackward(through, options));
  }

  async follow(channel: string, handlers: FollowHandlers): Promise<Follower> {
    const open = await this.#caughtUp();
    if (!this.#views.has(channel) && this.#views.size >= this.#options.settings.maxChannels) {
      throw new HawserError("log-full", `channel ${channel} is one past maxChannels`, { retry: true });
    }
    const view = this.#view(channel);
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
    const pending = new PendingAppends({
      timers,
      monotonic: () => clock.monotonic(),
      // Whether it arrived is seen by reading: an error tells no more than silence.
      send: (records) => broker.produce(records).catch(() => {}),
      recordOf: (append) => {
        const epoch = reader.serving && reader.available ? reader.prefix?.epoch : undefined;
        if (epoch === undefined) return undefined;
        const { deduplicateMs } = open.policyOf(append.channel);
        return { kind: "append", id: nextId(), epoch, deduplicateMs, ...append };
      },
      ...settings,
      timeoutMs: settings.appendTimeoutMs,
    });
    const aging = new Aging<ChannelView>({ timers, intervalMs: 1_000, maxVisits: 256 }, (view) => this.#trim(view));
    return { kind: "open", reader, pending, aging };
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
      onStart: (start, kind) => this.#onStart(start, kind),
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

  #onStart({ ends, prefix }: WarmStart, kind: StartKind): void {
    for (const channel of ends.keys()) this.#view(channel);
    for (const [channel, view] of this.#views) {
      view.restart(ends.get(channel) ?? 0, kind === "same");
      if (kind === "same") view.skipLost(prefix.lineage);
    }
    // Before a log has begun anew it has no epoch to tell of; the record that begins it comes next.
    if (kind === "other" && prefix.epoch > 0) this.#tellEpoch(prefix.lineage);
    this.#markAll();
  }

  #onRecord(open: Open, placed: PlacedRecord, verdict: Verdict, isTold: boolean): void {
    const { record } = placed;
    if (verdict.kind === "epoch") {
      if (verdict.anew) for (const view of this.#views.values()) view.restart(0, false);
      if (isTold) this.#tellEpoch(open.reader.prefix?.lineage ?? []);
      // What waits was written for the epoch before, or was not written at all.
      if (isTold) open.pending.flush();
      return;
    }
    if (record.kind !== "append") return;
    if (verdict.kind === "accepted") {
      const view = this.#view(record.channel);
      view.accept(placed, record, isTold);
      this.#trim(view);
      open.aging.add(view);
    }
    if (isTold) open.pending.passed(record.id, verdict);
  }

  #tellEpoch(lineage: readonly EpochStart[]): void {
    for (const view of this.#views.values()) view.newEpoch(lineage);
    this.#markAll();
  }

  async #page(channel: string, at: number, plan: (view: ChannelView) => PlannedPage): Promise<Page> {
    for (let plans = 0; plans < maxPlans; plans += 1) {
      const open = plans === 0 && this.#isServing() ? this.#requireOpen() : await this.#caughtUp();
      const { prefix } = open.reader;
      const epoch = prefix?.epoch ?? 0;
      const view = this.#views.get(channel);
      if (view === undefined) return { epoch, floor: 0, interval: { from: at, to: at }, entries: [], more: false };
      const { floor, from, to, records, more } = plan(view);
      const entries = await fetchAccepted(this.#options.broker, records, (start) => this.#trimBelow(start));
      const isSame = open.reader.serving && open.reader.prefix === prefix && prefix?.epoch === epoch;
      if (entries !== undefined && isSame) return { epoch, floor, interval: { from, to }, entries, more };
    }
    throw unavailable("the log changes faster than it can be read");
  }

  #view(channel: string): ChannelView {
    const known = this.#views.get(channel);
    if (known !== undefined) return known;
    const { policyOf, onFollowerError } = this.#options.open;
    const view = new ChannelView(policyOf(channel), (error) => onFollowerError?.(error, channel));
    this.#views.set(channel, view);
    return view;
  }

  #trim(view: ChannelView): boolean {
    const more = view.trim(this.#options.open.clock.now(), maxTrimStep);
    this.#pump.mark(view.feed);
    return more;
  }

  #trimBelow(start: number): void {
    for (const view of this.#views.values()) view.trimBelow(start);
    this.#markAll();
  }

  #markAll(): void {
    for (const view of this.#views.values()) this.#pump.mark(view.feed);
  }

  #headOf(open: Open, channel: string): Head {
    const lineage = open.reader.prefix?.lineage ?? [];
    const known = this.#views.get(channel)?.head(lineage);
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
    if (!isCaughtUp) throw unavailable("the broker did not show its log in time");
    return open;
  }

  #requireOpen(): Open {
    if (this.#state.kind !== "open") throw new HawserError("log-closed", "the log is not open");
    return this.#state;
  }
}

const closedOutcome: AppendOutcome = { kind: "failed", code: "log-unavailable", message: "the log is not open" };
