import { assert } from "@hawser/protocol";
import type { Append, AppendOutcome, FeedPump, LogOpenOptions } from "@hawser/log";
import type { ChannelTable } from "../channels/channel-table.ts";
import type { Limits } from "../limits.ts";
import { logKey } from "../records/keys.ts";
import { decodeLog } from "../records/log-record.ts";
import type { LogState } from "../records/log-record.ts";
import { RecordError } from "../records/record-reader.ts";
import { StoreError } from "../store/store-error.ts";
import type { StorePort } from "../store/store.ts";
import type { LogClock } from "./log-clock.ts";
import { Sweep } from "./sweep.ts";
import { Transaction } from "./transaction.ts";

/** What a {@link GroupCommit} works on. */
export interface GroupCommitOptions {
  readonly store: StorePort;
  readonly channels: ChannelTable;
  readonly limits: Limits;
  readonly ports: LogOpenOptions;
  readonly clock: LogClock;
  readonly pump: FeedPump;
  readonly epoch: number;
  readonly log: LogState;
  /** Why the disk takes no more; `undefined`: it does. */
  readonly noRoom: () => string | undefined;
}

/** How long nothing is accepted after the disk was full: trying costs, and lmdb-js writes each failure to the console. */
const pauseWhenFullMs = 1_000;

interface Call {
  readonly appends: readonly Append[];
  readonly bytes: number;
  readonly resolve: (outcomes: readonly AppendOutcome[]) => void;
}

/** `in-doubt`: it may have been made all the same. */
interface Failure {
  readonly kind: "full" | "failed" | "in-doubt";
  readonly message: string;
}

type Health = { readonly kind: "well" } | { readonly kind: "broken"; readonly reason: string };

/**
 * Makes transactions, one at a time. What is asked for while one is under way waits, and goes together into the next: so the
 * more is asked for, the more shares one flush of the disk. Decisions are made on what is committed and nothing else, so a
 * commit that fails leaves nothing to take back.
 */
export class GroupCommit {
  readonly #options: GroupCommitOptions;
  readonly #sweep: Sweep;
  #calls: Call[] = [];
  #waitingBytes = 0;
  #log: LogState;
  #health: Health = { kind: "well" };
  /** The loop while it runs, or waits for the end of the turn to begin. */
  #running: Promise<void> | undefined;
  #sweepDue = false;
  /** Channels of which more is to be trimmed than one transaction takes. */
  readonly #backlog = new Set<string>();
  #closing = false;
  /** Until then nothing is accepted, on the log's own clock. */
  #fullUntil = 0;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
    this.#log = options.log;
    this.#sweep = new Sweep(options.store, options.limits.maxSweepVisits, options.ports.policyOf);
  }

  /** Why nothing can be appended or read any more; `undefined`: it can. */
  get broken(): string | undefined {
    return this.#health.kind === "broken" ? this.#health.reason : undefined;
  }

  append(appends: readonly Append[]): Promise<readonly AppendOutcome[]> {
    let bytes = 0;
    for (const { payload } of appends) bytes += payload.data.byteLength;
    if (this.#health.kind === "broken") return Promise.resolve(unavailable(appends, this.#health.reason));
    if (this.#waitingBytes + bytes > this.#options.limits.maxWaitingBytes && this.#waitingBytes > 0) {
      return Promise.resolve(unavailable(appends, "more than maxWaitingBytes wait to be written"));
    }
    this.#waitingBytes += bytes;
    return new Promise((resolve) => {
      this.#calls.push({ appends, bytes, resolve });
      this.#start();
    });
  }

  /** Looks, in the next transaction, at a part of the store for what is too old. */
  sweep(): void {
    this.#sweepDue = true;
    this.#start();
  }

  /** Resolves when all that was appended before is done. What was to be trimmed is left to the next run. */
  async close(): Promise<void> {
    this.#closing = true;
    while (this.#running !== undefined) await this.#running;
  }

  get #hasWork(): boolean {
    return this.#calls.length > 0 || (!this.#closing && (this.#sweepDue || this.#backlog.size > 0));
  }

  #start(): void {
    this.#running ??= new Promise((resolve) => {
      this.#options.ports.timers.soon(() => {
        void this.#run().then(() => {
          this.#running = undefined;
          resolve();
          if (this.#hasWork) this.#start();
        });
      });
    });
  }

  async #run(): Promise<void> {
    while (this.#hasWork) {
      const calls = this.#takeCalls();
      try {
        await this.#transact(calls);
      } catch (error) {
        // A broken record, or a bug: nothing was written.
        const message = error instanceof Error ? error.message : String(error);
        for (const call of calls) call.resolve(unavailable(call.appends, message));
        // What is due is looked at by the next sweep: at once it would fail again, and again, with nobody else let in between.
        this.#sweepDue = false;
        this.#backlog.clear();
      }
      // What was answered is written, and what waits to be read joins the next one, before that is decided.
      if (this.#hasWork) await this.#nextTurn();
    }
  }

  #nextTurn(): Promise<void> {
    return new Promise((resolve) => {
      this.#options.ports.timers.soon(resolve);
    });
  }

  /** Whole calls, up to the bound; at least one, if there is one. */
  #takeCalls(): Call[] {
    let appends = 0;
    let count = 0;
    for (const call of this.#calls) {
      appends += call.appends.length;
      if (count > 0 && appends > this.#options.limits.maxGroupAppends) break;
      count += 1;
      this.#waitingBytes -= call.bytes;
    }
    return this.#calls.splice(0, count);
  }

  async #transact(calls: readonly Call[]): Promise<void> {
    const { store, channels, clock, ports, limits, epoch, noRoom } = this.#options;
    if (this.#health.kind === "broken") {
      for (const call of calls) call.resolve(unavailable(call.appends, this.#health.reason));
      this.#sweepDue = false;
      this.#backlog.clear();
      return;
    }
    channels.evict();
    const moment = clock.now();
    const isPaused = moment < this.#fullUntil;
    const transaction = new Transaction({
      store,
      channels,
      limits,
      log: this.#log,
      epoch,
      now: { time: ports.clock.now(), moment },
      noRoom: isPaused ? "the disk was full a moment ago" : noRoom(),
    });
    const outcomes = calls.map((call) => call.appends.map((append) => appendOr(transaction, append)));
    if (!isPaused || this.#sweepDue) this.#trim(transaction, calls, moment);
    if (transaction.changed) {
      const failure = await this.#commit(transaction);
      if (failure !== undefined) {
        this.#fail(calls, failure);
        return;
      }
      this.#publish(transaction);
    }
    calls.forEach((call, index) => call.resolve(outcomes[index]!));
  }

  /** Trims a bounded part of what is due, more than what was appended; the rest is for the next transaction. */
  #trim(transaction: Transaction, calls: readonly Call[], moment: number): void {
    const { limits } = this.#options;
    let budget = limits.maxTrimStep;
    for (const { appends } of calls) budget += appends.length * 2;
    for (const { channel } of transaction.changes) this.#backlog.add(channel.name);
    const sweeping = this.#sweepDue;
    this.#sweepDue = false;
    if (sweeping) for (const name of this.#sweep.next(moment)) this.#backlog.add(name);
    // Each has its share first, so that one with much to trim does not hold up the others; then they have what is left.
    const names = [...this.#backlog];
    for (const share of [Math.ceil(budget / names.length), budget]) {
      for (const name of names) budget -= trimOr(transaction, name, Math.min(share, budget));
    }
    for (const name of names) if (!mustTrimOr(transaction, name)) this.#backlog.delete(name);
    if (sweeping || transaction.log().producers > limits.maxProducers) {
      transaction.forget(limits.maxTrimStep);
      this.#sweepDue ||= transaction.moreToForget && transaction.log().producers > limits.maxProducers;
    }
  }

  #publish(transaction: Transaction): void {
    this.#log = transaction.log();
    for (const change of transaction.changes) {
      if (!change.changed) continue;
      const { channel } = change;
      const before = channel.state;
      channel.state = change.state();
      const { end, floor } = channel.state;
      if (end > (before?.end ?? 0) && channel.feed.active)
        channel.feed.entries(change.entries(), before?.end ?? 0, end);
      if (floor > (before?.floor ?? 0)) channel.feed.floor(floor);
      this.#options.pump.mark(channel.feed);
    }
  }

  /** What kept the transaction from being made; `undefined`: it was made. */
  async #commit(transaction: Transaction): Promise<Failure | undefined> {
    try {
      await this.#options.store.commit(transaction.writes(), transaction.flush);
      return undefined;
    } catch (error) {
      assert(error instanceof StoreError, "a store fails with its own error");
      const { message, fault } = error;
      if (this.#wasApplied(transaction) !== false) return { kind: "in-doubt", message };
      if (fault !== "full") return { kind: "failed", message };
      return { kind: "full", message: `the disk is full, or cannot be written (${message}); nothing was appended` };
    }
  }

  #fail(calls: readonly Call[], { kind, message }: Failure): void {
    this.#backlog.clear();
    this.#sweepDue = false;
    if (kind === "in-doubt") this.#break(`the store failed, and whether it wrote is in doubt: ${message}`);
    if (kind === "full") this.#fullUntil = this.#options.clock.now() + pauseWhenFullMs;
    const code = kind === "full" ? "log-full" : "log-unavailable";
    for (const call of calls) call.resolve(call.appends.map(() => ({ kind: "failed", code, message })));
  }

  /** Whether a transaction that failed can be seen in the store all the same; `undefined`: the store cannot be read. */
  #wasApplied(transaction: Transaction): boolean | undefined {
    try {
      const record = this.#options.store.get(logKey);
      return record === undefined ? undefined : decodeLog(record)?.serial === transaction.log().serial;
    } catch {
      return undefined;
    }
  }

  /**
   * After a flush that failed nobody knows what the disk holds, and trying again would hide it: the log stops. The next run
   * finds what there is and begins a new epoch.
   */
  #break(reason: string): void {
    this.#health = { kind: "broken", reason: `${reason}; start the node again` };
    for (const channel of this.#options.channels.values()) {
      channel.feed.available(false);
      this.#options.pump.mark(channel.feed);
    }
  }
}

/** A damaged record fails the append that needs it, and no other one. */
function appendOr(transaction: Transaction, append: Append): AppendOutcome {
  const damaged = (message: string): AppendOutcome => ({ kind: "failed", code: "log-unavailable", message });
  return unlessDamaged(
    () => transaction.append(append),
    (error) => damaged(`channel ${append.channel} is damaged: ${error.message}`),
  );
}

/** Whoever reads a damaged channel is told; others are trimmed all the same. */
function trimOr(transaction: Transaction, name: string, limit: number): number {
  return unlessDamaged(
    () => transaction.trim(name, limit),
    () => 0,
  );
}

function mustTrimOr(transaction: Transaction, name: string): boolean {
  return unlessDamaged(
    () => transaction.mustTrim(name),
    () => false,
  );
}

function unlessDamaged<Result>(work: () => Result, otherwise: (error: RecordError) => Result): Result {
  try {
    return work();
  } catch (error) {
    if (error instanceof RecordError) return otherwise(error);
    throw error;
  }
}

function unavailable(appends: readonly Append[], message: string): readonly AppendOutcome[] {
  return appends.map(() => ({ kind: "failed", code: "log-unavailable", message }));
}
