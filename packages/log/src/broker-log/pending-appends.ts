import type { Timer, Timers } from "@hawser/protocol";
import type { Append, AppendOutcome } from "../log.ts";
import type { Verdict } from "../prefix/accepted-prefix.ts";
import type { AppendRecord } from "../prefix/log-record.ts";

/** Options of {@link PendingAppends}; times in milliseconds. */
export interface PendingAppendsOptions {
  readonly timers: Timers;
  readonly monotonic: () => number;
  /** Sends records, as one request. */
  readonly send: (records: readonly AppendRecord[]) => void;
  /** The record of an append, with an identity of its own; `undefined`: nothing can be sent now. */
  readonly recordOf: (append: Append) => AppendRecord | undefined;
  /** After which an append that was not seen in the log is sent again. */
  readonly retryMs: number;
  /** After which its outcome is given up as not known. */
  readonly timeoutMs: number;
  /** Appends that wait at most; past it one fails at once. */
  readonly maxPending: number;
  /** Records in a request at most. */
  readonly maxBatch: number;
}

interface Pending {
  readonly append: Append;
  readonly resolve: (outcome: AppendOutcome) => void;
  readonly deadline: number;
  /** Of all that were sent for it. */
  readonly ids: string[];
  /**
   * `unsent`: to be sent at the next opportunity. `sent`: at `sentAt`. `held`: until those before it of the same producer
   * have their outcome, because they were overtaken.
   */
  state: "unsent" | "sent" | "held";
  sentAt: number;
}

/**
 * Appends whose outcome this node's reader has not seen yet. The broker's acknowledgement means nothing here: an append is
 * sent until a record of it was passed, and what the prefix said of that record is its outcome. Sending again is safe by
 * (producer, sequence, previous); what has no producer is sent once.
 */
export class PendingAppends {
  readonly #options: PendingAppendsOptions;
  readonly #all = new Set<Pending>();
  readonly #byId = new Map<string, Pending>();
  /** Per channel and producer, in the order of the calls. */
  readonly #lanes = new Map<string, Set<Pending>>();
  #held = 0;
  #flushing = false;
  #timer: Timer | undefined;
  #emptied: (() => void)[] = [];

  constructor(options: PendingAppendsOptions) {
    this.#options = options;
  }

  /** Takes appends on; an outcome for each. */
  add(appends: readonly Append[]): Promise<AppendOutcome[]> {
    const outcomes = appends.map((append) => this.#addOne(append));
    this.flush();
    return Promise.all(outcomes);
  }

  /** Sends what is not sent. */
  flush(): void {
    let batch: AppendRecord[] = [];
    const now = this.#options.monotonic();
    for (const pending of this.#all) {
      if (pending.state !== "unsent") continue;
      const record = this.#options.recordOf(pending.append);
      if (record === undefined) break;
      pending.state = "sent";
      pending.sentAt = now;
      pending.ids.push(record.id);
      this.#byId.set(record.id, pending);
      batch.push(record);
      if (batch.length === this.#options.maxBatch) {
        this.#options.send(batch);
        batch = [];
      }
    }
    if (batch.length > 0) this.#options.send(batch);
    this.#arm();
  }

  /** Everything that may be sent again is to be sent again: the log is another one. */
  resend(): void {
    for (const pending of this.#all) if (pending.append.producer !== "") pending.state = "unsent";
    this.#held = 0;
    this.flush();
  }

  /** The reader has passed a record. */
  passed(id: string, verdict: Verdict): void {
    const pending = this.#byId.get(id);
    if (pending === undefined) return;
    switch (verdict.kind) {
      case "accepted":
      case "duplicate":
        this.#settle(pending, verdict);
        break;
      case "out-of-order":
      case "producer-unknown":
        // What the client sent before it has been overtaken on the way: it is sent again behind that.
        if (this.#isFirst(pending)) this.#settle(pending, verdict);
        else this.#hold(pending);
        break;
      case "full":
        this.#settle(pending, { kind: "failed", code: "log-full", message: "the log has reached maxChannels" });
        break;
      case "stale":
        // This record will never count, so even an append without a producer may be sent again.
        if (pending.state === "sent" && pending.ids.at(-1) === id) {
          pending.state = "unsent";
          this.#flushSoon();
        }
        break;
      default:
        break;
    }
  }

  /** Resolves when nothing waits any more. */
  empty(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#all.size === 0) resolve();
      else this.#emptied.push(resolve);
    });
  }

  /** Gives all up. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const pending of this.#all) this.#settle(pending, unavailable("the log was closed"));
  }

  #addOne(append: Append): Promise<AppendOutcome> {
    if (this.#all.size >= this.#options.maxPending) {
      return Promise.resolve(unavailable("too many appends wait for the log"));
    }
    return new Promise((resolve) => {
      const deadline = this.#options.monotonic() + this.#options.timeoutMs;
      const pending: Pending = { append, resolve, deadline, ids: [], state: "unsent", sentAt: 0 };
      this.#all.add(pending);
      const lane = this.#lanes.get(laneOf(append)) ?? new Set();
      this.#lanes.set(laneOf(append), lane.add(pending));
    });
  }

  #settle(pending: Pending, outcome: AppendOutcome): void {
    this.#all.delete(pending);
    for (const id of pending.ids) this.#byId.delete(id);
    const name = laneOf(pending.append);
    const lane = this.#lanes.get(name);
    lane?.delete(pending);
    if (lane?.size === 0) this.#lanes.delete(name);
    if (pending.state === "held") this.#held -= 1;
    if (this.#held > 0 && lane !== undefined) this.#release(lane);
    pending.resolve(outcome);
    if (this.#all.size > 0) return;
    for (const resolve of this.#emptied) resolve();
    this.#emptied = [];
  }

  #hold(pending: Pending): void {
    if (pending.state !== "held") this.#held += 1;
    pending.state = "held";
  }

  #release(lane: ReadonlySet<Pending>): void {
    for (const pending of lane) {
      if (pending.state !== "held") continue;
      pending.state = "unsent";
      this.#held -= 1;
      this.#flushSoon();
    }
  }

  /** Behind all that the reader passes now, so that it is sent in few requests. */
  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    void Promise.resolve().then(() => {
      this.#flushing = false;
      this.flush();
    });
  }

  #isFirst(pending: Pending): boolean {
    return this.#lanes.get(laneOf(pending.append))?.values().next().value === pending;
  }

  #arm(): void {
    if (this.#all.size === 0) return;
    this.#timer ??= this.#options.timers.after(this.#options.retryMs, () => this.#sweep());
  }

  #sweep(): void {
    this.#timer = undefined;
    const now = this.#options.monotonic();
    for (const pending of this.#all) {
      if (now >= pending.deadline) this.#settle(pending, unavailable("the log did not show the append in time"));
      else if (
        pending.state === "sent" &&
        pending.append.producer !== "" &&
        now - pending.sentAt >= this.#options.retryMs
      ) {
        pending.state = "unsent";
      }
    }
    this.flush();
  }
}

function laneOf({ channel, producer }: Append): string {
  // Neither a channel's name nor a producer holds a line feed.
  return `${channel}\n${producer}`;
}

function unavailable(message: string): AppendOutcome {
  return { kind: "failed", code: "log-unavailable", message };
}
