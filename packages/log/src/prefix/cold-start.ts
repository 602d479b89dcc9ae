import { AcceptedPrefix } from "./accepted-prefix.ts";
import type { AcceptedPrefixOptions } from "./accepted-prefix.ts";
import type { Fetched } from "./broker.ts";
import type { BeginRecord, CheckpointRecord, PlacedRecord } from "./log-record.ts";
import { sliceCount } from "./slices.ts";

/** The offset of a log's first record, when nothing was trimmed yet. */
export const firstOffset = 1;

/** Options of a {@link ColdStart}. */
export interface ColdStartOptions {
  readonly prefix: AcceptedPrefixOptions;
  /** A log of which nothing was trimmed, and whose end lies no higher, is read whole. */
  readonly readWhole: number;
  /** Offsets that the first step back from the end takes; each one after it takes twice as many. */
  readonly firstStep: number;
  /** What lies from here on is looked at whatever is found before. */
  readonly lookFrom: number;
  /** Called for each record that is looked at, in no order. */
  readonly onLook: (placed: PlacedRecord) => void;
  /** Identities of checkpoints that were found to be of a branch that was cut off. */
  readonly refuted: ReadonlySet<string>;
}

/** A state to go on from. */
export interface WarmStart {
  readonly prefix: AcceptedPrefix;
  /** Reading goes on here. */
  readonly from: number;
  /** The record at `from`, which the state includes; `undefined`: it does not, and it is read with what follows. */
  readonly passed: string | undefined;
  /** Further checkpoints that the state is made of: each has to be found true when its `through` is passed. In that order. */
  readonly unproven: readonly CheckpointRecord[];
}

type Step =
  /** Where the log starts and ends is not known yet. */
  | { readonly kind: "begin" }
  /** Looks at the offsets from `low` to `high`, and is at `at`; `size` of them in this step. */
  | { readonly kind: "back"; readonly low: number; readonly high: number; readonly size: number; at: number }
  /** Looks whether the record that the oldest checkpoint found goes through is there. */
  | { readonly kind: "prove"; readonly bySlice: readonly CheckpointRecord[] }
  /** All was looked at: waits for a checkpoint, or a beginning. `end`: the newest record that was. */
  | { readonly kind: "wait"; end: number };

/**
 * Finds the state to start from. It goes back from the end of the log, in steps that double, until the checkpoints that it
 * has seen cover all channels, and proves that the record which the oldest of them goes through is there: then nothing
 * between was trimmed, and it was written on this branch of the log. Without checkpoints the state is the empty one, if
 * nothing was trimmed, or the one behind a beginning anew.
 */
export class ColdStart {
  readonly #options: ColdStartOptions;
  readonly #bySlice: (CheckpointRecord | undefined)[] = Array.from({ length: sliceCount }, () => undefined);
  readonly #refuted: Set<string>;
  /** Offsets of the records that began the log or were checkpoints. */
  readonly #states: number[] = [];
  #begins: { readonly offset: number; readonly record: BeginRecord }[] = [];
  #start = 0;
  /** Where the way back began. */
  #newest = 0;
  #step: Step = { kind: "begin" };

  constructor(options: ColdStartOptions) {
    this.#options = options;
    this.#refuted = new Set(options.refuted);
  }

  /** Where the next fetch begins. */
  get position(): number {
    switch (this.#step.kind) {
      case "begin":
        return 0;
      case "back":
        return this.#step.at;
      case "prove":
        return oldestOf(this.#step.bySlice).through;
      case "wait":
        return this.#step.end;
    }
  }

  /** Whether all was looked at, and nothing was found to start from. */
  get isWaiting(): boolean {
    return this.#step.kind === "wait";
  }

  /** The newest record that was looked at, as far as it matters to who writes that the log begins. */
  get seen(): number {
    return this.#step.kind === "wait" ? this.#step.end : 0;
  }

  /** Takes an answer from where it stands; returns the state once it is found. */
  take(fetched: Fetched): WarmStart | undefined {
    const step = this.#step;
    if (step.kind === "begin") return this.#begin(fetched);
    if (step.kind === "prove") return this.#prove(fetched, step.bySlice);
    if (step.kind === "back") return this.#lookBack(fetched, step);
    // The log went back, or was trimmed unread.
    if (fetched.end < step.end || fetched.start > step.end + 1) return this.#again();
    for (const placed of fetched.records) {
      if (placed.offset <= step.end) continue;
      step.end = placed.offset;
      this.#look(placed);
    }
    return this.#found(step);
  }

  #begin({ start, end }: Fetched): WarmStart | undefined {
    this.#start = start;
    if (start === firstOffset && end <= this.#options.readWhole) return this.#empty(0);
    this.#newest = end;
    this.#step = this.#stepBack(end, this.#options.firstStep);
    return undefined;
  }

  #again(): undefined {
    this.#bySlice.fill(undefined);
    this.#states.length = 0;
    this.#begins = [];
    this.#step = { kind: "begin" };
  }

  #stepBack(high: number, size: number): Step {
    if (high < this.#start) return { kind: "wait", end: high };
    const low = Math.max(this.#start, high - size + 1);
    return { kind: "back", low, high, size, at: low };
  }

  #lookBack({ records, start }: Fetched, step: Extract<Step, { kind: "back" }>): WarmStart | undefined {
    this.#start = Math.max(this.#start, start);
    for (const placed of records) if (placed.offset <= step.high) this.#look(placed);
    const last = records.at(-1)?.offset ?? Infinity;
    if (last < step.high) {
      step.at = last + 1;
      return undefined;
    }
    return this.#found(this.#endOfStep(step));
  }

  #endOfStep(step: Extract<Step, { kind: "back" }>): Step {
    const next = this.#stepBack(step.low - 1, step.size * 2);
    return next.kind === "wait" ? { kind: "wait", end: this.#newest } : next;
  }

  #look(placed: PlacedRecord): void {
    const { offset, record } = placed;
    this.#options.onLook(placed);
    if (record.kind !== "begin" && record.kind !== "checkpoint") return;
    this.#states.push(offset);
    if (record.kind === "begin") {
      this.#begins.push({ offset, record });
      return;
    }
    if (this.#refuted.has(record.id)) return;
    for (let slice = record.snapshot.from; slice < record.snapshot.to; slice += 1) {
      if ((this.#bySlice[slice]?.through ?? 0) < record.through) this.#bySlice[slice] = record;
    }
  }

  /** Goes on with `next`, unless what was found is enough. */
  #found(next: Step): WarmStart | undefined {
    this.#step = next;
    const isEnough = next.kind === "wait" || this.#lookedDown(next);
    const bySlice = this.#bySlice.filter((checkpoint) => checkpoint !== undefined);
    if (isEnough && bySlice.length === sliceCount) {
      this.#step = { kind: "prove", bySlice };
      return undefined;
    }
    if (next.kind !== "wait") return undefined;
    if (this.#start === firstOffset) return this.#empty(0);
    const begin = this.#begins
      .toSorted((one, other) => one.offset - other.offset)
      .find(({ offset, record }) => this.#counts(offset, record));
    return begin === undefined ? undefined : this.#empty(begin.offset);
  }

  #lookedDown(next: Step): boolean {
    return next.kind === "back" && next.high < this.#options.lookFrom;
  }

  /** Whether a beginning counts is known only to those who have read all that its writer had not. */
  #counts(offset: number, { after, seen }: BeginRecord): boolean {
    if (after !== "unknown" || this.#start > seen + 1) return false;
    return !this.#states.some((state) => state > seen && state < offset);
  }

  #prove({ records }: Fetched, bySlice: readonly CheckpointRecord[]): WarmStart | undefined {
    const oldest = oldestOf(bySlice);
    const [at] = records;
    if (at?.offset === oldest.through && at.record.id === oldest.throughId) {
      const unproven = Array.from(new Set(bySlice))
        .filter((checkpoint) => checkpoint !== oldest)
        .toSorted((one, other) => one.through - other.through);
      const prefix = AcceptedPrefix.restore(bySlice, this.#options.prefix);
      return { prefix, from: oldest.through, passed: oldest.throughId, unproven };
    }
    // What it was preferred to is looked for again.
    this.#refuted.add(oldest.id);
    return this.#again();
  }

  #empty(from: number): WarmStart {
    return { prefix: new AcceptedPrefix(this.#options.prefix), from, passed: undefined, unproven: [] };
  }
}

function oldestOf(bySlice: readonly CheckpointRecord[]): CheckpointRecord {
  return bySlice.reduce((one, other) => (other.through < one.through ? other : one));
}
