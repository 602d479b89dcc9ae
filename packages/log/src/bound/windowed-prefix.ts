import { decideAppend } from "../deduplication/decide-append.ts";
import type { Verdict } from "../prefix/accepted-prefix.ts";
import { attemptOf } from "../prefix/dead-attempts.ts";
import type { AppendRecord, LogRecord, PlacedRecord, WriterMark } from "../prefix/log-record.ts";

/** Options of a {@link WindowedPrefix}. */
export interface WindowedPrefixOptions {
  /** The partition, as marks name it. */
  readonly origin: string;
  /** The epoch of what counts from here on. */
  readonly epoch: number;
  /** All above this offset is passed. */
  readonly from: number;
  /** What the broker has left lies above this offset. */
  readonly floor: number;
  /**
   * Part of the rule: how many offsets may lie between what a writer had read and where its record came to lie. What took longer does
   * not count, and is sent again.
   */
  readonly windowOffsets: number;
  /** Part of the rule: offsets of the partition for which a producer and a refused record are remembered. */
  readonly rememberedOffsets: number;
}

/** Of all topics, since it is part of the rule. */
export const windowOffsets = 10_000;

type Own = AppendRecord & { readonly mark: WriterMark };

/** A marked record of a producer that lies in the window. */
interface Passed {
  readonly offset: number;
  readonly attempt: string;
  readonly sequence: number;
  readonly previous: number;
  /** As it was decided: its writer may have been told so. `dead`: a copy of what was refused. */
  readonly outcome: "counted" | "refused" | "dead" | "duplicate";
}

interface Producer {
  last: number;
  at: number;
  readonly passed: Passed[];
}

/** How many may have left the window before the array is moved. */
const maxLeft = 256;
const stale: Verdict = { kind: "stale" };
const none: Verdict = { kind: "none" };

/**
 * Which records count in a partition of a topic that other programs write too, and into which nothing but payloads may be
 * written: no beginnings, no checkpoints. So every record of ours brings a mark of what its writer had read, and how far its
 * producer was by then. Decided from there, by the records of that producer that came in between, it is the same for all who
 * have read two windows more: nobody has to know how the partition began. What others wrote always counts.
 *
 * A record does not count as well when its writer had read another partition than this one is: the record at `seen` is another
 * one, since the end went back.
 */
export class WindowedPrefix {
  readonly #options: WindowedPrefixOptions;
  /** Those in the window, oldest first, of appends only: compaction may take away the others. */
  readonly #ids = new Map<number, string>();
  /** By channel and producer, the one quiet longest first. */
  readonly #producers = new Map<string, Producer>();
  /** Offsets of records that do not count, in order. */
  readonly #refused = new Set<number>();
  #through: number;

  constructor(options: WindowedPrefixOptions) {
    this.#options = options;
    this.#through = options.from;
  }

  /** What lies at or below it is no history: whether it counts is not known here, or no longer. */
  get base(): number {
    const { from, floor, windowOffsets, rememberedOffsets } = this.#options;
    // Marks of records in the first window name what was not read here; those of records in the next one may pass over these. Of what the
    // broker has thrown away nobody can read more.
    const known = from <= floor ? from : from + 2 * windowOffsets;
    return Math.max(known, this.#through - rememberedOffsets);
  }

  /** Whether a record above `base` that was passed is an entry, if it is an append. */
  counted(offset: number): boolean {
    return !this.#refused.has(offset);
  }

  /** The sequence of a producer that counted last; 0: none, or it is not remembered. */
  lastOf(channel: string, producer: string): number {
    return this.#producers.get(nameOf(channel, producer))?.last ?? 0;
  }

  /** Takes the next record and says whether it counts. */
  apply({ offset, record }: PlacedRecord): Verdict {
    this.#through = offset;
    const verdict = this.#judge(record, offset);
    if (record.kind === "append") {
      this.#ids.set(offset, record.id);
      if (verdict.kind !== "accepted") this.#refused.add(offset);
    }
    this.#forget();
    return verdict;
  }

  #judge(record: LogRecord, offset: number): Verdict {
    if (record.kind !== "append") return none;
    const { origin, epoch } = this.#options;
    const isOurs = isMarked(record) && record.mark.origin === origin;
    return isOurs ? this.#judgeOwn(record, offset) : { kind: "accepted", epoch, offset };
  }

  #judgeOwn(record: Own, offset: number): Verdict {
    const { windowOffsets } = this.#options;
    const { mark, sequence, previous } = record;
    if (mark.seen >= offset || offset - mark.seen > windowOffsets || !this.#isOfThis(mark)) return stale;
    const name = nameOf(record.channel, record.producer);
    const producer = this.#producers.get(name) ?? { last: 0, at: offset, passed: [] };
    const between = behind(producer.passed, mark.seen);
    const last = foldFrom(mark.last, between);
    const attempt = attemptOf(record.id);
    const verdict = this.#decide(record, offset, last, between, producer);
    producer.passed.push({ offset, attempt, sequence, previous, outcome: outcomeOf(verdict) });
    leaveWindow(producer.passed, offset - windowOffsets);
    producer.last = verdict.kind === "accepted" ? sequence : last;
    producer.at = offset;
    this.#producers.delete(name);
    this.#producers.set(name, producer);
    return verdict;
  }

  #decide(record: Own, offset: number, last: number, between: readonly Passed[], { passed }: Producer): Verdict {
    const { epoch } = this.#options;
    // Who was told that it was refused may act on it: a copy that comes late, when it would fit, is refused too.
    const attempt = attemptOf(record.id);
    if (between.some((other) => other.outcome === "refused" && other.attempt === attempt)) return none;
    const decision = decideAppend(last === 0 ? undefined : { last }, record);
    if (decision.kind === "accept") return { kind: "accepted", epoch, offset };
    if (decision.kind !== "duplicate") return decision;
    const same = passed.find(({ sequence, outcome }) => outcome === "counted" && sequence === record.sequence);
    return same === undefined
      ? { kind: "duplicate", epoch: 0, offset: 0 }
      : { kind: "duplicate", epoch, offset: same.offset };
  }

  /** Whether its writer had read this partition, as far as that is known. */
  #isOfThis({ seen, seenId }: WriterMark): boolean {
    const id = this.#ids.get(seen);
    return id === undefined || seenId === "" || id === seenId;
  }

  #forget(): void {
    const { windowOffsets, rememberedOffsets } = this.#options;
    for (const offset of this.#ids.keys()) {
      if (offset >= this.#through - windowOffsets) break;
      this.#ids.delete(offset);
    }
    for (const offset of this.#refused) {
      if (offset > this.#through - rememberedOffsets) break;
      this.#refused.delete(offset);
    }
    for (const [name, { at }] of this.#producers) {
      if (at > this.#through - rememberedOffsets) break;
      this.#producers.delete(name);
    }
  }
}

/** Those above an offset, which are few: it looks from the end. */
function behind(passed: readonly Passed[], offset: number): readonly Passed[] {
  let first = passed.length;
  while (first > 0 && passed[first - 1]!.offset > offset) first -= 1;
  return passed.slice(first);
}

function leaveWindow(passed: Passed[], below: number): void {
  if ((passed[maxLeft]?.offset ?? Infinity) > below) return;
  const left = passed.findIndex(({ offset }) => offset > below);
  passed.splice(0, left === -1 ? passed.length : left);
}

/**
 * The sequence that counted last behind these records. They are decided anew from `last`, which its writer knew: how they were
 * decided here may have depended on what was not read.
 */
function foldFrom(last: number, between: readonly Passed[]): number {
  let at = last;
  for (const { sequence, previous, outcome } of between) {
    if (outcome === "dead") continue;
    const { kind } = decideAppend(at === 0 ? undefined : { last: at }, { producer: "known", sequence, previous });
    if (kind === "accept") at = sequence;
  }
  return at;
}

function outcomeOf({ kind }: Verdict): Passed["outcome"] {
  if (kind === "accepted") return "counted";
  if (kind === "duplicate") return "duplicate";
  return kind === "none" ? "dead" : "refused";
}

function isMarked(record: AppendRecord): record is Own {
  return record.mark !== undefined;
}

function nameOf(channel: string, producer: string): string {
  // Neither a channel's name nor a producer holds a line feed.
  return `${channel}\n${producer}`;
}
