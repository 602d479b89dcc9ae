import type { Timer, Timers } from "@hawser/protocol";
import type { Append, AppendOutcome } from "../log.ts";
import type { Verdict } from "../prefix/accepted-prefix.ts";
import { attemptOf } from "../prefix/dead-attempts.ts";
import type { AppendRecord } from "../prefix/log-record.ts";
import type { PlainOrder } from "./plain-order.ts";

/** Options of {@link PendingAppends}; times in milliseconds. */
export interface PendingAppendsOptions {
  readonly timers: Timers;
  readonly monotonic: () => number;
  /** Sends records, as one request. Settles when the request is over, however that was. */
  readonly send: (records: readonly AppendRecord[]) => Promise<void>;
  /** The record of an append with this identity; `undefined`: nothing can be sent now. */
  readonly recordOf: (append: Append, id: string) => AppendRecord | undefined;
  /** Makes the identity of an attempt at an append, which holds no ".". */
  readonly nextId: () => string;
  /** Numbers what has no producer. */
  readonly plain: PlainOrder;
  /** After which an append that was not seen in the log is sent again; the time doubles with each try, up to 16-fold. */
  readonly retryMs: number;
  /** After which its outcome is given up as not known. */
  readonly timeoutMs: number;
  /** Appends that wait at most; past it one fails at once. */
  readonly maxPending: number;
  /** Bytes of their payloads at most; past it one fails at once. */
  readonly maxPendingBytes: number;
  /** Records in a request at most. */
  readonly maxBatch: number;
  /** Requests under way at most; past it what comes waits, and goes in larger ones. */
  readonly maxRequests: number;
}

interface Pending {
  /** With its number; `previous` of one without a producer of its own follows the log. */
  append: Append;
  readonly resolve: (outcome: AppendOutcome) => void;
  readonly deadline: number;
  /** Of all that were sent for it. */
  readonly ids: string[];
  /** The records of which none was refused yet as far as is known; `undefined`: the next one begins it. */
  attempt: string | undefined;
  /**
   * `unsent`: to be sent at the next opportunity. `sent`: and to be sent again at `againAt`. `held`: until those before it of
   * the same producer have their outcome, because they were overtaken.
   */
  state: "unsent" | "sent" | "held";
  againAt: number;
}

type Chained = Extract<Verdict, { kind: "out-of-order" | "producer-unknown" }>;

/** How often the time to the next try doubles. */
const maxDoublings = 4;

/**
 * Appends whose outcome this node's reader has not seen yet. The broker's acknowledgement means nothing here: an append is
 * sent until a record of it was passed, and what the prefix said of that record is its outcome. Sending again is safe by
 * (producer, sequence, previous), which what has no producer is given here. What one turn of the event loop appends is
 * sent together.
 */
export class PendingAppends {
  readonly #options: PendingAppendsOptions;
  /** In the order of the calls, and so of the deadlines. */
  readonly #all = new Set<Pending>();
  /** In the order in which they are to be sent. */
  #unsent = new Set<Pending>();
  /** That may be sent again, by the number of tries: in the order of `againAt`. */
  readonly #sent: readonly Set<Pending>[] = Array.from({ length: maxDoublings + 1 }, () => new Set());
  readonly #byId = new Map<string, Pending>();
  /** Per channel and producer, in the order of the calls. */
  readonly #lanes = new Map<string, Set<Pending>>();
  #bytes = 0;
  #held = 0;
  #requests = 0;
  #flushing = false;
  #timer: Timer | undefined;
  #emptied: (() => void)[] = [];

  constructor(options: PendingAppendsOptions) {
    this.#options = options;
  }

  /** Takes appends on; an outcome for each. */
  add(appends: readonly Append[]): Promise<AppendOutcome[]> {
    const outcomes = appends.map((append) => this.#addOne(append));
    this.#flushSoon();
    this.#arm();
    return Promise.all(outcomes);
  }

  /** Sends what is not sent, as far as requests are free. */
  flush(): void {
    const { maxBatch, maxRequests } = this.#options;
    while (this.#requests < maxRequests && this.#unsent.size > 0) {
      const batch: AppendRecord[] = [];
      for (const pending of this.#unsent) {
        const attempt = (pending.attempt ??= this.#options.nextId());
        const record = this.#options.recordOf(pending.append, `${attempt}.${pending.ids.length}`);
        if (record === undefined) break;
        this.#markSent(pending, record.id);
        batch.push(record);
        if (batch.length === maxBatch) break;
      }
      if (batch.length === 0) break;
      void this.#request(batch);
    }
    this.#arm();
  }

  async #request(batch: readonly AppendRecord[]): Promise<void> {
    this.#requests += 1;
    try {
      await this.#options.send(batch);
    } finally {
      this.#requests -= 1;
      this.flush();
    }
  }

  /** Everything that may be sent again is to be sent again: the log is another one. */
  resend(): void {
    for (const sent of this.#sent) sent.clear();
    this.#unsent = new Set();
    for (const pending of this.#all) {
      pending.state = "unsent";
      this.#unsent.add(pending);
    }
    this.#held = 0;
    this.flush();
  }

  /** The reader has passed a record. */
  passed(id: string, verdict: Verdict): void {
    const pending = this.#byId.get(id);
    if (pending === undefined) return;
    switch (verdict.kind) {
      case "accepted":
        this.#settle(pending, verdict);
        break;
      case "duplicate":
        this.#settle(pending, this.#options.plain.has(pending.append) ? plainDuplicate(verdict) : verdict);
        break;
      case "out-of-order":
      case "producer-unknown":
        // What the client sent before it has been overtaken on the way: it is sent again behind that.
        if (!this.#isFirst(pending)) this.#hold(pending, id);
        else if (this.#options.plain.has(pending.append)) this.#chain(pending, id, verdict);
        else this.#settle(pending, verdict);
        break;
      case "full":
        this.#settle(pending, { kind: "failed", code: "log-full", message: "the log has reached maxChannels" });
        break;
      case "stale":
        if (pending.state === "sent" && pending.ids.at(-1) === id) this.#move(pending, "unsent");
        break;
      default:
        break;
    }
  }

  /** Whether another append of its channel and producer waits. */
  isWaitingBefore(append: Append): boolean {
    return this.#lanes.has(laneOf(append));
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

  #addOne(asked: Append): Promise<AppendOutcome> {
    const { maxPending, maxPendingBytes, monotonic, plain, timeoutMs } = this.#options;
    if (this.#all.size >= maxPending || this.#bytes >= maxPendingBytes) {
      return Promise.resolve(unavailable("too many appends wait for the log"));
    }
    const append = asked.producer === "" ? plain.number(asked) : asked;
    return new Promise((resolve) => {
      const deadline = monotonic() + timeoutMs;
      const pending: Pending = { append, resolve, deadline, ids: [], attempt: undefined, state: "unsent", againAt: 0 };
      this.#all.add(pending);
      this.#unsent.add(pending);
      this.#bytes += append.payload.data.byteLength;
      const name = laneOf(append);
      const lane = this.#lanes.get(name);
      if (lane === undefined) this.#lanes.set(name, new Set([pending]));
      else lane.add(pending);
    });
  }

  /** Sends what has no producer of its own again, behind what the log says was the last one of this node. */
  #chain(pending: Pending, id: string, verdict: Chained): void {
    if (!isOf(pending, id)) return;
    pending.attempt = undefined;
    const previous = verdict.kind === "out-of-order" ? verdict.last : 0;
    pending.append = { ...pending.append, previous };
    this.#move(pending, "unsent");
  }

  #hold(pending: Pending, id: string): void {
    if (!isOf(pending, id)) return;
    pending.attempt = undefined;
    this.#move(pending, "held");
  }

  #markSent(pending: Pending, id: string): void {
    const tries = Math.min(pending.ids.length, maxDoublings);
    this.#unsent.delete(pending);
    pending.state = "sent";
    pending.againAt = this.#options.monotonic() + this.#options.retryMs * 2 ** tries;
    pending.ids.push(id);
    this.#byId.set(id, pending);
    this.#sent[tries]!.add(pending);
  }

  #move(pending: Pending, state: "unsent" | "held"): void {
    this.#forget(pending);
    pending.state = state;
    if (state === "held") {
      this.#held += 1;
    } else {
      this.#unsent.add(pending);
      this.#flushSoon();
    }
  }

  /** Takes it out of where its state keeps it. */
  #forget(pending: Pending): void {
    if (pending.state === "held") this.#held -= 1;
    else if (pending.state === "unsent") this.#unsent.delete(pending);
    else this.#sent[Math.min(pending.ids.length - 1, maxDoublings)]!.delete(pending);
  }

  #settle(pending: Pending, outcome: AppendOutcome): void {
    this.#forget(pending);
    this.#all.delete(pending);
    this.#bytes -= pending.append.payload.data.byteLength;
    for (const id of pending.ids) this.#byId.delete(id);
    const name = laneOf(pending.append);
    const lane = this.#lanes.get(name);
    lane?.delete(pending);
    if (lane?.size === 0) this.#lanes.delete(name);
    if (this.#held > 0 && lane !== undefined) {
      for (const other of lane) if (other.state === "held") this.#move(other, "unsent");
    }
    pending.resolve(outcome);
    if (this.#all.size > 0) return;
    for (const resolve of this.#emptied) resolve();
    this.#emptied = [];
  }

  /** Behind all that this turn appends, or the reader passes now, so that it is sent in few requests. */
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
      if (now < pending.deadline) break;
      this.#settle(pending, unavailable("the log did not show the append in time"));
    }
    for (const sent of this.#sent) {
      for (const pending of sent) {
        if (now < pending.againAt) break;
        this.#move(pending, "unsent");
      }
    }
    this.flush();
  }
}

/** Whether a record is of the attempt that is under way: another one was refused, and will never count. */
function isOf({ attempt }: Pending, id: string): boolean {
  return attempt === attemptOf(id);
}

function laneOf({ channel, producer }: Append): string {
  // Neither a channel's name nor a producer holds a line feed.
  return `${channel}\n${producer}`;
}

/** Where a copy of it was accepted, which is all that its caller asked for. */
function plainDuplicate({ epoch, offset }: Extract<Verdict, { kind: "duplicate" }>): AppendOutcome {
  if (epoch === 0) return unavailable("the log has the append, and does not know any more where");
  return { kind: "accepted", epoch, offset };
}

function unavailable(message: string): AppendOutcome {
  return { kind: "failed", code: "log-unavailable", message };
}
