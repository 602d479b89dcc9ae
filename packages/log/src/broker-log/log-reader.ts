import { nextEpoch } from "@hawser/protocol";
import type { AcceptedPrefix } from "../prefix/accepted-prefix.ts";
import type { Fetched } from "../prefix/broker.ts";
import { ColdStart } from "../prefix/cold-start.ts";
import type { WarmStart } from "../prefix/cold-start.ts";
import type { LogRecord, PlacedRecord } from "../prefix/log-record.ts";
import { FetchLoop } from "./fetch-loop.ts";
import { PassedRecords } from "./passed-records.ts";
import type { LogReaderOptions, ReaderEvents, StartKind } from "./reader-events.ts";

/** What this node has told the world, which a log that went back may take back. */
interface Promised {
  readonly epoch: number;
  readonly passed: PassedRecords;
  readonly through: number;
  /** Known by a record that is no longer where it was. */
  wentBack: boolean;
  /** Nothing is told until all was read: it went back, or what was found first is of an older epoch. */
  isSuspended: boolean;
  /** The highest offset at which the log, read again, still has what was promised. */
  agreed: number;
}

interface Waiter {
  /** The fetch that was the last one to begin before it came. */
  readonly since: number;
  readonly settle: (isCaughtUp: boolean) => void;
}

type Phase =
  | { readonly kind: "cold"; readonly start: ColdStart; begun: boolean; atEndSince: number | undefined }
  | { readonly kind: "warm"; readonly prefix: AcceptedPrefix };

/**
 * Reads a broker's partition, from the oldest record on, and never stops: passes each record once, in order, to the rule of
 * the accepted prefix. Each fetch overlaps the one before by a record, so that an end that went back is found although
 * the log has grown again. What is needed for all nodes to agree, it writes into the log: where it begins, new epochs,
 * checkpoints.
 */
export class LogReader {
  readonly #options: LogReaderOptions;
  readonly #events: ReaderEvents;
  #phase: Phase;
  #passed: PassedRecords;
  #promised: Promised | undefined;
  #serving = false;
  #highestEpoch = 0;
  #start = 0;
  /** By kind of record: before when none is written again. */
  readonly #writtenAt = new Map<LogRecord["kind"], number>();
  #appendsSinceCheckpoint = 0;
  #checkpointThrough = 0;
  #waiters: readonly Waiter[] = [];
  /** The newest fetch whose answer was taken. */
  #taken = 0;
  readonly #loop: FetchLoop;

  constructor(options: LogReaderOptions, events: ReaderEvents) {
    this.#options = options;
    this.#events = events;
    this.#phase = this.#coldPhase();
    this.#passed = new PassedRecords(options.maxRemembered);
    this.#loop = new FetchLoop(options, {
      position: () => this.#passed.last?.offset ?? 0,
      waitMs: () => this.#waitMs(),
      take: (fetched, fetch) => this.#take(fetched, fetch),
      onAvailable: (available) => {
        if (this.#serving) events.onAvailable(available);
      },
    });
  }

  /** Whether what is known may be told. */
  get serving(): boolean {
    return this.#serving;
  }

  /** Whether the broker answered when it was asked last. */
  get available(): boolean {
    return this.#loop.available;
  }

  /** The state of the log through the record that was passed last. */
  get prefix(): AcceptedPrefix | undefined {
    return this.#phase.kind === "warm" ? this.#phase.prefix : undefined;
  }

  /**
   * Resolves with `true` when the reader has passed all that the log had when this was called, and serves it; with `false`
   * when that was not so in time.
   */
  caughtUp(timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = this.#options.timers.after(timeoutMs, () => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        resolve(false);
      });
      const waiter: Waiter = {
        since: this.#loop.begun,
        settle: (isCaughtUp) => {
          timer.cancel();
          resolve(isCaughtUp);
        },
      };
      this.#waiters = [...this.#waiters, waiter];
      this.#loop.ask();
    });
  }

  stop(): void {
    this.#loop.stop();
    for (const { settle } of this.#waiters) settle(false);
    this.#waiters = [];
  }

  #waitMs(): number {
    const { waitMs, retryMs } = this.#options;
    if (this.#waiters.some(({ since }) => since >= this.#taken)) return 0;
    // What it wrote for all to agree may have to be written again.
    return this.#serving ? waitMs : Math.min(waitMs, retryMs);
  }

  /** Returns whether there is more to read at once. */
  #take(fetched: Fetched, fetch: number): boolean {
    this.#taken = Math.max(this.#taken, fetch);
    const fresh = this.#fresh(fetched);
    if (fresh === undefined) return true;
    if (fetched.start > this.#start) {
      this.#start = fetched.start;
      this.#events.onTrimmed(fetched.start);
    }
    if (this.#phase.kind === "cold" && !this.#phase.begun) {
      this.#phase.begun = true;
      this.#warm(this.#phase.start.begin(fetched.start));
    }
    for (const placed of fresh) this.#read(placed);
    if (fresh.length > 0 && (this.#passed.last?.offset ?? 0) < fetched.end) return true;
    this.#atEnd(fetch);
    return false;
  }

  /** The records that were not passed yet; `undefined` when reading has to start again. */
  #fresh({ records, start }: Fetched): readonly PlacedRecord[] | undefined {
    const { last } = this.#passed;
    if (last === undefined) return this.#phase.kind === "warm" && start > 1 ? this.#restart(false) : records;
    // All up to the last one was trimmed, and perhaps more than that.
    if (start > last.offset) return start === last.offset + 1 ? records : this.#restart(false);
    const overlap = records[0];
    if (overlap?.offset === last.offset && overlap.record.id === last.id) return records.slice(1);
    return this.#restart(true);
  }

  #restart(wentBack: boolean): undefined {
    if (this.#phase.kind === "warm" && this.#serving) {
      const { epoch } = this.#phase.prefix;
      const through = this.#passed.last?.offset ?? 0;
      this.#promised = { epoch, passed: this.#passed, through, wentBack, isSuspended: wentBack, agreed: 0 };
    } else if (this.#promised !== undefined) {
      this.#promised.wentBack ||= wentBack;
      this.#promised.isSuspended ||= wentBack;
      this.#promised.agreed = 0;
    }
    this.#serving = false;
    this.#loop.restart();
    this.#phase = this.#coldPhase();
    this.#passed = new PassedRecords(this.#options.maxRemembered);
    this.#start = 0;
    this.#checkpointThrough = 0;
    this.#appendsSinceCheckpoint = 0;
    this.#events.onAvailable(false);
  }

  /** Takes a record, in order. */
  #read(placed: PlacedRecord): void {
    const { offset, record } = placed;
    this.#passed.add(offset, record.id);
    if (this.#promised?.passed.has(offset, record.id) === true) this.#promised.agreed = offset;
    if (this.#phase.kind === "cold") this.#warm(this.#phase.start.take(placed));
    else this.#pass(placed, this.#phase.prefix);
  }

  #warm(start: WarmStart | undefined): void {
    if (start === undefined) return;
    this.#phase = { kind: "warm", prefix: start.prefix };
    this.#events.onStart(start, this.#startKind(start.prefix.epoch));
    for (const placed of start.next) this.#pass(placed, start.prefix);
  }

  #startKind(epoch: number): StartKind {
    if (this.#promised === undefined) return "first";
    // The newer epoch may come with the next records, or be gone.
    if (epoch < this.#promised.epoch) this.#promised.isSuspended = true;
    if (this.#promised.isSuspended) return "back";
    return epoch === this.#promised.epoch ? "same" : "other";
  }

  #pass(placed: PlacedRecord, prefix: AcceptedPrefix): void {
    const { record } = placed;
    const verdict = prefix.apply(placed);
    this.#highestEpoch = Math.max(this.#highestEpoch, prefix.epoch);
    if (record.kind === "append") this.#appendsSinceCheckpoint += 1;
    if (record.kind === "checkpoint" && this.#passed.has(record.through, record.throughId)) {
      this.#checkpointThrough = record.through;
      this.#appendsSinceCheckpoint = 0;
    }
    this.#events.onRecord(placed, verdict, this.#promised?.isSuspended !== true);
    if (record.kind === "request" && this.#serving) this.#writeCheckpoint(prefix);
  }

  #atEnd(fetch: number): void {
    if (this.#phase.kind === "cold") {
      this.#askForCheckpoint(this.#phase);
      return;
    }
    const { prefix } = this.#phase;
    if (prefix.epoch === 0) {
      this.#write("begin", (id) => ({
        kind: "begin",
        id,
        seen: this.#seen(),
        after: "nothing",
        epoch: this.#newEpoch(),
      }));
      return;
    }
    if (!this.#isCovered(prefix)) {
      const start = this.#promised?.agreed ?? 0;
      this.#write("epoch", (id) => ({ kind: "epoch", id, above: prefix.epoch, epoch: this.#newEpoch(), start }));
      return;
    }
    if (!this.#serving) {
      this.#serving = true;
      const promised = this.#promised;
      this.#promised = undefined;
      this.#events.onServing(promised?.isSuspended ?? false);
      this.#events.onAvailable(true);
    }
    const isDue = this.#appendsSinceCheckpoint >= this.#options.checkpointEvery;
    if (isDue || (this.#start > 1 && this.#checkpointThrough < this.#start)) this.#writeCheckpoint(prefix);
    const ready = this.#waiters.filter(({ since }) => since < fetch);
    this.#waiters = this.#waiters.filter(({ since }) => since >= fetch);
    for (const { settle } of ready) settle(true);
  }

  /** Whether the log's lineage tells what of the promised is gone. */
  #isCovered(prefix: AcceptedPrefix): boolean {
    const promised = this.#promised;
    if (promised === undefined) return true;
    if (!promised.wentBack) return prefix.epoch >= promised.epoch;
    if (promised.agreed >= promised.through) return true;
    const [first] = prefix.lineage;
    if (first !== undefined && first.epoch > promised.epoch) return true;
    const next = prefix.lineage.find(({ epoch }) => epoch > promised.epoch);
    return next !== undefined && next.start <= promised.agreed;
  }

  #askForCheckpoint(phase: Extract<Phase, { kind: "cold" }>): void {
    const now = this.#options.clock.monotonic();
    phase.atEndSince ??= now;
    if (now - phase.atEndSince < this.#options.checkpointWaitMs) {
      this.#write("request", (id) => ({ kind: "request", id }));
    } else {
      this.#write("begin", (id) => ({
        kind: "begin",
        id,
        seen: this.#seen(),
        after: "unknown",
        epoch: this.#newEpoch(),
      }));
    }
  }

  #writeCheckpoint(prefix: AcceptedPrefix): void {
    const { last } = this.#passed;
    if (last === undefined) return;
    this.#write("checkpoint", (id) => ({
      kind: "checkpoint",
      id,
      through: last.offset,
      throughId: last.id,
      snapshot: prefix.snapshot(),
    }));
  }

  /** Writes such a record, unless one was written a moment ago. Whether it arrives is seen by reading. */
  #write(kind: LogRecord["kind"], make: (id: string) => LogRecord): void {
    const now = this.#options.clock.monotonic();
    if (now - (this.#writtenAt.get(kind) ?? -Infinity) < this.#options.retryMs) return;
    this.#writtenAt.set(kind, now);
    this.#options.broker.produce([make(this.#options.nextId())]).catch(() => {});
  }

  #seen(): number {
    return this.#passed.last?.offset ?? this.#start - 1;
  }

  #newEpoch(): number {
    return nextEpoch(this.#options.clock.now(), this.#options.random, this.#highestEpoch);
  }

  #coldPhase(): Phase {
    const start = new ColdStart({ prefix: this.#options.prefix, maxHeld: this.#options.maxRemembered });
    return { kind: "cold", start, begun: false, atEndSince: undefined };
  }
}
