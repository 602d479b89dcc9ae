import type { Clock, Random, Timer, Timers } from "@hawser/protocol";
import type { Broker, Fetched } from "../prefix/broker.ts";
import { firstOffset } from "../prefix/cold-start.ts";
import type { LogRecord, PlacedRecord } from "../prefix/log-record.ts";

/** How often what goes wrong, from 0 (never, the default) to 1. Drawn per request, except where it says otherwise. */
export interface FaultRates {
  /** A produce request never arrives. */
  loseRequest: number;
  /** A produce request is carried out, and its reply is lost. */
  loseReply: number;
  /** The reply to a produce request takes long. */
  lateReply: number;
  /** A produce request is given up by its client, and carried out later. */
  lateAppend: number;
  /** A produce request is carried out twice, the second time later. */
  duplicate: number;
  /** A fetch is not answered. */
  loseFetch: number;
  /** Per record: the offsets before it are skipped, up to five of them. */
  gap: number;
  /** Per produce request carried out: the oldest records are trimmed, up to half of them. */
  trim: number;
  /** Per produce request carried out: the newest records are lost before it, up to five of them (an unclean election). */
  truncate: number;
  /** Per request: the broker is away for up to `outageMs`. */
  outage: number;
}

/** Options of a {@link FakeBroker}. */
export interface FakeBrokerOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly rates?: Partial<FaultRates>;
  /** Each way, in milliseconds. Default 1. */
  readonly latencyMs?: number;
  /** After which a client gives a request up. Default 100. */
  readonly requestTimeoutMs?: number;
  /** How late what is late may be. Default 400. */
  readonly lateMs?: number;
  /** How long an outage takes at most. Default 500. */
  readonly outageMs?: number;
}

interface FetchRequest {
  readonly offset: number;
  readonly maxCount: number;
  readonly waitMs: number;
  readonly done: (fetched: Fetched) => void;
  readonly failed: (error: Error) => void;
}

/** A fetch at the end of the log, until something comes. */
interface WaitingFetch {
  readonly request: FetchRequest;
  readonly timer: Timer;
}

const calm: FaultRates = {
  loseRequest: 0,
  loseReply: 0,
  lateReply: 0,
  lateAppend: 0,
  duplicate: 0,
  loseFetch: 0,
  gap: 0,
  trim: 0,
  truncate: 0,
  outage: 0,
};

/**
 * One partition of a broker, as awkward as brokers are: it orders what it gets and promises nothing else. For tests and
 * simulations; all faults are drawn from the random numbers that it is given, all time is that of its timers.
 */
export class FakeBroker {
  /** May be set at any time. */
  readonly rates: FaultRates;
  readonly #options: Required<Omit<FakeBrokerOptions, "rates">>;
  #records: PlacedRecord[] = [];
  #start = firstOffset;
  #next = firstOffset;
  #awayUntil = 0;
  #lastArrival = 0;
  readonly #waiting = new Set<WaitingFetch>();

  constructor(options: FakeBrokerOptions) {
    this.rates = { ...calm, ...options.rates };
    const { clock, timers, random } = options;
    this.#options = {
      clock,
      timers,
      random,
      latencyMs: options.latencyMs ?? 1,
      requestTimeoutMs: options.requestTimeoutMs ?? 100,
      lateMs: options.lateMs ?? 400,
      outageMs: options.outageMs ?? 500,
    };
  }

  /** Everything that is in the partition now, as a checker sees it that asks nobody. */
  get records(): readonly PlacedRecord[] {
    return this.#records;
  }

  /** Offset of the newest record, or one below the oldest that may come. */
  get end(): number {
    return this.#records.at(-1)?.offset ?? this.#start - 1;
  }

  /** A node's connection, which loses all that comes while `isDeaf` says so. */
  connect(isDeaf: () => boolean = () => false): Broker {
    return {
      produce: (records) => new Promise((resolve, reject) => this.#produce(records, resolve, reject)),
      fetch: (offset, maxCount, waitMs) =>
        new Promise((resolve, reject) => {
          const request = { offset, maxCount, waitMs, done: resolve, failed: reject };
          if (isDeaf()) this.#timeout(reject);
          else this.#fetch(request);
        }),
    };
  }

  /** Loses the records at or below `offset`, without a trace but the oldest offset. */
  trim(offset: number): void {
    this.#records = this.#records.filter((placed) => placed.offset > offset);
    this.#start = Math.max(this.#start, Math.min(offset + 1, this.#next));
  }

  /** Loses the records above `offset`; their offsets are given again. */
  truncate(offset: number): void {
    this.#records = this.#records.filter((placed) => placed.offset <= offset);
    this.#next = Math.max(this.#start, Math.min(this.#next, offset + 1));
  }

  /** The partition is deleted and made anew. */
  recreate(): void {
    this.#records = [];
    this.#start = firstOffset;
    this.#next = firstOffset;
  }

  /** Answers nothing for a while. */
  goAway(durationMs: number): void {
    this.#awayUntil = this.#options.clock.monotonic() + durationMs;
    this.#failWaiting();
  }

  /** Appends a record as it is, as if a client had sent it long ago. */
  inject(record: LogRecord): void {
    this.#append([record]);
  }

  #produce(records: readonly LogRecord[], done: () => void, failed: (error: Error) => void): void {
    const { timers, latencyMs, requestTimeoutMs, lateMs } = this.#options;
    const timeout = (): void => this.#timeout(failed);
    if (this.#isAway() || this.#draw("loseRequest")) return timeout();
    if (this.#draw("lateAppend")) {
      timers.after(requestTimeoutMs + this.#upTo(lateMs), () => this.#append(records));
      return timeout();
    }
    const isLost = this.#draw("loseReply");
    const replyMs = latencyMs + (this.#draw("lateReply") ? this.#upTo(lateMs) : 0);
    if (this.#draw("duplicate")) timers.after(latencyMs + this.#upTo(lateMs), () => this.#append(records));
    timers.after(this.#arrival(), () => {
      this.#append(records);
      if (!isLost && replyMs < requestTimeoutMs) timers.after(replyMs, done);
    });
    if (isLost || replyMs >= requestTimeoutMs) timeout();
  }

  #fetch(request: FetchRequest): void {
    const { timers, latencyMs } = this.#options;
    if (this.#isAway() || this.#draw("loseFetch")) return this.#timeout(request.failed);
    timers.after(latencyMs, () => {
      // At an offset behind the end, there is nothing to wait for: the log went back.
      if (request.waitMs === 0 || this.end !== request.offset) return this.#answer(request);
      const waiting: WaitingFetch = { request, timer: timers.after(request.waitMs, () => this.#wake(waiting)) };
      this.#waiting.add(waiting);
    });
  }

  #answer({ offset, maxCount, done }: FetchRequest): void {
    const from = this.#records.findIndex((placed) => placed.offset >= offset);
    const records = from < 0 ? [] : this.#records.slice(from, from + maxCount);
    const fetched: Fetched = { records, start: this.#start, end: this.end };
    this.#options.timers.after(this.#options.latencyMs, () => done(fetched));
  }

  #wake(waiting: WaitingFetch): void {
    waiting.timer.cancel();
    if (this.#waiting.delete(waiting)) this.#answer(waiting.request);
  }

  #failWaiting(): void {
    for (const { request, timer } of this.#waiting) {
      timer.cancel();
      this.#timeout(request.failed);
    }
    this.#waiting.clear();
  }

  #timeout(failed: (error: Error) => void): void {
    this.#options.timers.after(this.#options.requestTimeoutMs, () => failed(new Error("the request timed out")));
  }

  #append(records: readonly LogRecord[]): void {
    if (this.#draw("truncate")) this.truncate(this.#records.at(-1 - this.#upTo(5))?.offset ?? this.#start - 1);
    if (this.#draw("trim")) this.trim(this.#records[this.#upTo(this.#records.length >> 1)]?.offset ?? 0);
    for (const record of records) {
      if (this.#draw("gap")) this.#next += 1 + this.#upTo(5);
      this.#records.push({ offset: this.#next, time: this.#options.clock.now(), record });
      this.#next += 1;
    }
    for (const waiting of this.#waiting) this.#wake(waiting);
  }

  /** When the next request arrives: without faults, requests arrive in the order in which they were sent. */
  #arrival(): number {
    const now = this.#options.clock.monotonic();
    this.#lastArrival = Math.max(this.#lastArrival, now + this.#options.latencyMs);
    return this.#lastArrival - now;
  }

  #isAway(): boolean {
    const now = this.#options.clock.monotonic();
    if (now >= this.#awayUntil && this.#draw("outage")) this.goAway(this.#upTo(this.#options.outageMs));
    return now < this.#awayUntil;
  }

  #draw(fault: keyof FaultRates): boolean {
    const rate = this.rates[fault];
    return rate > 0 && this.#options.random.number() < rate;
  }

  #upTo(below: number): number {
    return Math.floor(this.#options.random.number() * below);
  }
}
