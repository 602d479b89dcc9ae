import type { Interval } from "@hawser/protocol";
import type { Append, AppendOutcome, Entry, Follower, Head, Log, LogPolicy, Page, ReadOptions } from "../log.ts";
import { check, checkEqual } from "./check.ts";
import type { ConformanceHarness } from "./harness.ts";
import { decodeText, encodeText } from "./text.ts";

/** Rounds of `settle` after which a case gives up waiting. */
const maxRounds = 2_000;
const wide: ReadOptions = { maxCount: 1_000_000, maxBytes: Number.MAX_SAFE_INTEGER };

/** What a follower was told, with the promises of the port checked on the way. */
export interface Recording {
  readonly follower: Follower;
  readonly entries: Entry[];
  /** One per `onEntries`. */
  readonly intervals: Interval[];
  readonly floors: number[];
  readonly heads: Head[];
}

/** A log as the cases use it: every call is driven by the harness. */
export class LogDriver {
  readonly harness: ConformanceHarness;
  #log: Log;
  readonly #policyOf: (channel: string) => LogPolicy;
  /** What followers saw that must not be. A handler's own throw would stay with the log. */
  readonly #failures: string[] = [];
  #inCall = false;

  private constructor(harness: ConformanceHarness, log: Log, policyOf: (channel: string) => LogPolicy) {
    this.harness = harness;
    this.#log = log;
    this.#policyOf = policyOf;
  }

  /** Opens a new log. What `policy` leaves out is wide: nothing is trimmed, nobody forgotten. */
  static async open(harness: ConformanceHarness, policy: Partial<LogPolicy> = {}): Promise<LogDriver> {
    const full: LogPolicy = {
      durability: harness.capabilities.durabilities[0]!,
      retainCount: 1_000_000,
      retainBytes: 1_000_000_000,
      retainAgeMs: 1_000_000_000,
      deduplicateMs: 1_000_000_000,
      ...policy,
    };
    const driver = new LogDriver(harness, await harness.create(), () => full);
    await driver.#open();
    return driver;
  }

  get log(): Log {
    return this.#log;
  }

  /** Ends the log and opens the same store again. */
  async reopen(how: "close" | "crash"): Promise<void> {
    check(this.harness.reopen !== undefined, "a harness that says `reopens` has `reopen`");
    this.#log = await this.harness.reopen(this.#log, how);
    await this.#open();
  }

  append(appends: readonly Append[]): Promise<readonly AppendOutcome[]> {
    return this.#drive(() => this.#log.append(appends));
  }

  async appendOne(append: Append): Promise<AppendOutcome> {
    const [outcome] = await this.append([append]);
    check(outcome !== undefined, "an append has an outcome");
    return outcome;
  }

  /** Appends what must be accepted; its offset. */
  async accept(append: Append): Promise<number> {
    const outcome = await this.appendOne(append);
    checkEqual(outcome.kind, "accepted", `the append of ${append.channel} ${append.producer} ${append.sequence}`);
    return outcome.kind === "accepted" ? outcome.offset : 0;
  }

  head(channel: string): Promise<Head> {
    return this.#drive(() => this.#log.head(channel));
  }

  async read(channel: string, after: number, options: Partial<ReadOptions> = {}): Promise<Page> {
    const page = await this.#drive(() => this.#log.read(channel, after, { ...wide, ...options }));
    checkPage(page);
    return page;
  }

  async readBackward(channel: string, through: number, options: Partial<ReadOptions> = {}): Promise<Page> {
    const page = await this.#drive(() => this.#log.readBackward(channel, through, { ...wide, ...options }));
    checkPage(page);
    return page;
  }

  /** The texts of all entries that are still there. */
  async texts(channel: string): Promise<string[]> {
    return (await this.read(channel, 0)).entries.map(textOf);
  }

  /** Follows, and checks: intervals contiguous, offsets rising and inside, floors rising, never during a call. */
  async follow(channel: string, onEntries?: (recording: Recording) => void): Promise<Recording> {
    const entries: Entry[] = [];
    const intervals: Interval[] = [];
    const floors: number[] = [];
    const heads: Head[] = [];
    let at: number | undefined;
    let recording: Recording | undefined;
    const follower = await this.#drive(() =>
      this.#log.follow(channel, {
        onEntries: (given, interval) => {
          this.#note(!this.#inCall, "followers are not called during a call to the log");
          this.#note(
            at === undefined || interval.from === at,
            `intervals are contiguous: ${interval.from} follows ${at}`,
          );
          this.#note(interval.from <= interval.to, "an interval does not run backward");
          this.#note(isRising(given, interval), `entries rise inside their interval ${JSON.stringify(interval)}`);
          at = interval.to;
          entries.push(...given);
          intervals.push(interval);
          if (recording !== undefined) onEntries?.(recording);
        },
        onFloor: (floor) => {
          this.#note(!this.#inCall, "followers are not called during a call to the log");
          this.#note(floor > (floors.at(-1) ?? -1), "floors rise");
          floors.push(floor);
        },
        onEpoch: (head) => {
          at = head.end;
          heads.push(head);
        },
      }),
    );
    check(intervals[0] === undefined || intervals[0].from === follower.head.end, "following begins at the head's end");
    at ??= follower.head.end;
    recording = { follower, entries, intervals, floors, heads };
    return recording;
  }

  /** Waits until `condition` holds. */
  async until(condition: () => boolean | Promise<boolean>, fact: string): Promise<void> {
    for (let round = 0; round < maxRounds; round += 1) {
      checkEqual(this.#failures, [], "what followers saw");
      if (await condition()) return;
      await this.harness.settle();
    }
    check(false, `in time: ${fact}`);
  }

  /** Lets time pass. */
  async advance(durationMs: number): Promise<void> {
    check(this.harness.advance !== undefined, "a harness that says `controlsTime` has `advance`");
    await this.harness.advance(durationMs);
  }

  close(): Promise<void> {
    return this.#drive(() => this.#log.close());
  }

  async #open(): Promise<void> {
    const { clock, timers, random } = this.harness;
    await this.#drive(() => this.#log.open({ policyOf: this.#policyOf, clock, timers, random }));
  }

  async #drive<Result>(call: () => Promise<Result>): Promise<Result> {
    this.#inCall = true;
    const work = call();
    this.#inCall = false;
    const result = await this.harness.drive(work);
    checkEqual(this.#failures, [], "what followers saw");
    return result;
  }

  #note(condition: boolean, fact: string): void {
    if (!condition) this.#failures.push(fact);
  }
}

/** An append without a producer; `fields` change it. */
export function plain(channel: string, text: string, fields: Partial<Append> = {}): Append {
  return {
    channel,
    producer: "",
    sequence: 0,
    previous: 0,
    payload: { kind: "text", data: encodeText(text) },
    key: "",
    publisher: "",
    ...fields,
  };
}

/** A numbered append, by default chained to the sequence before it. Its text is `producer-sequence`. */
export function numbered(channel: string, producer: string, sequence: number, previous = sequence - 1): Append {
  return plain(channel, `${producer}-${sequence}`, { producer, sequence, previous });
}

/** The payload as text; "" for a hole. */
export function textOf(entry: Entry): string {
  return entry.payload === undefined ? "" : decodeText(entry.payload.data);
}

/** `count` texts, from `first` on. */
export function texts(prefix: string, first: number, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${first + index}`);
}

function checkPage(page: Page): void {
  check(page.interval.from <= page.interval.to, `a page does not run backward: ${JSON.stringify(page.interval)}`);
  check(isRising(page.entries, page.interval), `entries rise inside their interval ${JSON.stringify(page.interval)}`);
  check(
    page.entries.every((entry) => entry.offset > page.floor),
    "a page has no entry at or below its floor",
  );
}

function isRising(entries: readonly Entry[], interval: Interval): boolean {
  let last = interval.from;
  for (const { offset } of entries) {
    if (offset <= last) return false;
    last = offset;
  }
  return last <= interval.to;
}
