import { nextEpoch } from "@hawser/protocol";
import { snapshotBytes } from "../prefix/accepted-prefix.ts";
import type { AcceptedPrefix } from "../prefix/accepted-prefix.ts";
import type { Fetched } from "../prefix/broker.ts";
import { ColdStart, firstOffset } from "../prefix/cold-start.ts";
import type { WarmStart } from "../prefix/cold-start.ts";
import type { CheckpointRecord, LogRecord, PlacedRecord } from "../prefix/log-record.ts";
import { CheckpointWriter } from "./checkpoint-writer.ts";
import { FetchLoop } from "./fetch-loop.ts";
import { PassedRecords } from "./passed-records.ts";
import { Promised } from "./promised.ts";
import type { LogReaderOptions, ReaderEvents, StartKind } from "./reader-events.ts";

interface Waiter {
  /** The fetch that was the last one to begin before it came. */
  readonly since: number;
  readonly settle: (isCaughtUp: boolean) => void;
}

type Phase =
  | { readonly kind: "cold"; readonly start: ColdStart; waitsSince: number | undefined }
  | {
      readonly kind: "warm";
      readonly prefix: AcceptedPrefix;
      /** Where it began. */
      readonly from: number;
      /** Checkpoints that the state was made of, whose last records are still to be passed. */
      readonly unproven: CheckpointRecord[];
    };

/** About what an append takes in the log beside its payload. */
const recordBytes = 100;
/** Offsets that the way back from the end begins with. */
const firstStep = 1_024;

/**
 * Reads a broker's partition, from the newest checkpoints on, and never stops: passes each record once, in order, to the rule
 * of the accepted prefix. Each fetch overlaps the one before by a record, so that an end that went back is found although
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
  readonly #checkpoints: CheckpointWriter;
  /** Checkpoints of a branch that was cut off. */
  readonly #refuted = new Set<string>();
  #waiters: readonly Waiter[] = [];
  /** The newest fetch whose answer was taken. */
  #taken = 0;
  readonly #loop: FetchLoop;

  constructor(options: LogReaderOptions, events: ReaderEvents) {
    this.#options = options;
    this.#events = events;
    this.#phase = this.#coldPhase();
    this.#passed = new PassedRecords(options.maxRemembered);
    this.#checkpoints = new CheckpointWriter({ ...options, write: (from) => this.#writeCheckpoint(from) });
    this.#loop = new FetchLoop(options, {
      position: () => this.#position,
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

  /** What the broker said instead of an answer, if it did so when it was asked last. */
  get failure(): unknown {
    return this.#loop.failure;
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

  /** The oldest offset that the broker has left, as far as is known. */
  get start(): number {
    return this.#start;
  }

  /** Offset of the record that was passed last. */
  get passedThrough(): number {
    return this.#passed.last?.offset ?? 0;
  }

  stop(): void {
    this.#loop.stop();
    this.#checkpoints.stop();
    for (const { settle } of this.#waiters) settle(false);
    this.#waiters = [];
  }

  #waitMs(): number {
    const { waitMs, retryMs } = this.#options;
    if (this.#waiters.some(({ since }) => since >= this.#taken)) return 0;
    if (this.#phase.kind === "cold" && !this.#phase.start.isWaiting) return 0;
    // What it wrote for all to agree may have to be written again.
    return this.#serving ? waitMs : Math.min(waitMs, retryMs);
  }

  get #position(): number {
    if (this.#phase.kind === "cold") return this.#phase.start.position;
    return this.#passed.last?.offset ?? this.#phase.from;
  }

  /** Returns whether there is more to read at once. */
  #take(fetched: Fetched, fetch: number): boolean {
    this.#taken = Math.max(this.#taken, fetch);
    if (this.#phase.kind === "cold") return this.#search(this.#phase, fetched);
    const fresh = this.#fresh(fetched);
    if (fresh === undefined) return true;
    if (fetched.start > this.#start) {
      this.#start = fetched.start;
      this.#events.onTrimmed(fetched.start);
    }
    for (const placed of fresh) if (!this.#read(placed)) return true;
    if (fresh.length > 0 && (this.#passed.last?.offset ?? 0) < fetched.end) return true;
    this.#atEnd(fetch);
    return this.#phase.kind !== "warm";
  }

  #search(phase: Extract<Phase, { kind: "cold" }>, fetched: Fetched): boolean {
    const found = phase.start.take(fetched);
    if (found !== undefined) {
      this.#warm(found, fetched.start);
      return true;
    }
    if (!phase.start.isWaiting) return true;
    if (fetched.end <= phase.start.position) this.#askForCheckpoint(phase);
    return fetched.end > phase.start.position;
  }

  /** The records that were not passed yet; `undefined` when reading has to start again. */
  #fresh({ records, start }: Fetched): readonly PlacedRecord[] | undefined {
    const { last } = this.#passed;
    const from = this.#phase.kind === "warm" ? this.#phase.from : 0;
    if (last === undefined) {
      const isThere = from < firstOffset ? start === firstOffset : records[0]?.offset === from;
      return isThere ? records : this.#restart(false);
    }
    // All up to the last one was trimmed, and perhaps more than that.
    if (start > last.offset) return start === last.offset + 1 ? records : this.#restart(false);
    const overlap = records[0];
    if (overlap?.offset === last.offset && overlap.record.id === last.id) return records.slice(1);
    return this.#restart(true);
  }

  #restart(wentBack: boolean): undefined {
    if (this.#phase.kind === "warm" && this.#serving) {
      this.#promised = new Promised(this.#phase.prefix.epoch, this.#passed, wentBack);
    } else {
      this.#promised?.again(wentBack);
    }
    this.#serving = false;
    this.#loop.restart();
    this.#phase = this.#coldPhase();
    this.#passed = new PassedRecords(this.#options.maxRemembered);
    this.#start = 0;
    this.#checkpoints.stop();
    this.#events.onAvailable(false);
  }

  /** Takes a record, in order. Returns whether the log is still what the checkpoints say. */
  #read(placed: PlacedRecord): boolean {
    if (this.#phase.kind !== "warm") return false;
    const { offset, record } = placed;
    const { prefix, unproven } = this.#phase;
    for (let next = unproven[0]; next !== undefined && next.through <= offset; next = unproven[0]) {
      if (next.through !== offset || next.throughId !== record.id) return this.#refute(next);
      unproven.shift();
    }
    this.#passed.add(offset, record.id);
    this.#promised?.compare(placed);
    this.#pass(placed, prefix);
    return true;
  }

  #refute(checkpoint: CheckpointRecord): false {
    this.#refuted.add(checkpoint.id);
    this.#restart(false);
    return false;
  }

  #warm(start: WarmStart, oldest: number): void {
    const { prefix, from, passed, unproven } = start;
    this.#phase = { kind: "warm", prefix, from, unproven: [...unproven] };
    this.#start = oldest;
    if (passed !== undefined) this.#passed.add(from, passed);
    // What lies behind that is still to be passed, and may have changed since it was looked at.
    this.#promised?.forgetAbove(from);
    this.#events.onStart(start, this.#startKind(prefix.epoch), oldest);
  }

  #startKind(epoch: number): StartKind {
    if (this.#promised === undefined) return "first";
    // The newer epoch may come with the next records, or be gone.
    if (epoch < this.#promised.epoch) this.#promised.suspend();
    if (this.#promised.isSuspended) return "back";
    return epoch === this.#promised.epoch ? "same" : "other";
  }

  #pass(placed: PlacedRecord, prefix: AcceptedPrefix): void {
    const { record } = placed;
    const verdict = prefix.apply(placed);
    this.#highestEpoch = Math.max(this.#highestEpoch, prefix.epoch);
    if (record.kind === "append") this.#checkpoints.appended(recordBytes + record.payload.data.byteLength);
    if (record.kind === "checkpoint" && this.#passed.has(record.through, record.throughId)) {
      this.#checkpoints.passed(record, snapshotBytes(record.snapshot));
    }
    if (record.kind === "request") this.#checkpoints.demand();
    this.#events.onRecord(placed, verdict, this.#promised?.isSuspended !== true);
  }

  #atEnd(fetch: number): void {
    if (this.#phase.kind === "cold") return;
    const { prefix, unproven } = this.#phase;
    if (unproven[0] !== undefined) {
      this.#refute(unproven[0]);
      return;
    }
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
      const start = this.#promised?.agreed(this.#start) ?? 0;
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
    this.#checkpoints.atEnd(this.#start);
    const ready = this.#waiters.filter(({ since }) => since < fetch);
    this.#waiters = this.#waiters.filter(({ since }) => since >= fetch);
    for (const { settle } of ready) settle(true);
  }

  /** Whether the log's lineage tells what of the promised is gone. */
  #isCovered(prefix: AcceptedPrefix): boolean {
    const promised = this.#promised;
    if (promised === undefined) return true;
    if (!promised.wentBack) return prefix.epoch >= promised.epoch;
    const agreed = promised.agreed(this.#start);
    if (agreed >= promised.through) return true;
    const [first] = prefix.lineage;
    if (first !== undefined && first.epoch > promised.epoch) return true;
    const next = prefix.lineage.find(({ epoch }) => epoch > promised.epoch);
    return next !== undefined && next.start <= agreed;
  }

  #askForCheckpoint(phase: Extract<Phase, { kind: "cold" }>): void {
    const now = this.#options.clock.monotonic();
    phase.waitsSince ??= now;
    if (now - phase.waitsSince < this.#options.checkpointWaitMs) {
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

  #writeCheckpoint(from: number): string | undefined {
    const { last } = this.#passed;
    if (last === undefined || this.#phase.kind !== "warm" || !this.#serving) return undefined;
    const id = this.#options.nextId();
    const snapshot = this.#phase.prefix.snapshot(from, this.#options.maxCheckpointBytes);
    const record: LogRecord = { kind: "checkpoint", id, through: last.offset, throughId: last.id, snapshot };
    this.#options.broker.produce([record]).catch(() => {});
    return id;
  }

  /** Writes such a record, unless one was written a moment ago. Whether it arrives is seen by reading. */
  #write(kind: LogRecord["kind"], make: (id: string) => LogRecord): void {
    const now = this.#options.clock.monotonic();
    if (now - (this.#writtenAt.get(kind) ?? -Infinity) < this.#options.retryMs) return;
    this.#writtenAt.set(kind, now);
    this.#options.broker.produce([make(this.#options.nextId())]).catch(() => {});
  }

  #seen(): number {
    if (this.#phase.kind === "cold") return this.#phase.start.seen;
    return this.#passed.last?.offset ?? Math.max(this.#start, firstOffset) - 1;
  }

  #newEpoch(): number {
    return nextEpoch(this.#options.clock.now(), this.#options.random, this.#highestEpoch);
  }

  #coldPhase(): Phase {
    const { prefix, readWhole } = this.#options;
    const start = new ColdStart({
      prefix,
      readWhole,
      firstStep,
      // How far the log still is what was promised has to be found, wherever the state is.
      lookFrom: this.#promised?.wentBack === true ? this.#promised.passed.oldest : Infinity,
      onLook: (placed) => this.#promised?.compare(placed),
      refuted: this.#refuted,
    });
    return { kind: "cold", start, waitsSince: undefined };
  }
}
