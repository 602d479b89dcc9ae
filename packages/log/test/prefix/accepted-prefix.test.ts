import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AcceptedPrefix, ColdStart } from "@hawser/log";
import type { AppendRecord, LogRecord, PlacedRecord, PrefixSnapshot, Verdict, WarmStart } from "@hawser/log";
import { sliceOf } from "../../src/prefix/slices.ts";

const options = { maxChannels: 3, maxProducersPerChannel: 2, maxRecentPositions: 3, maxLineage: 3, maxRefused: 1_000 };
const payload = { kind: "bytes", data: new Uint8Array(0) } as const;

function append(id: string, fields: Partial<AppendRecord> = {}): AppendRecord {
  const common = { key: "", publisher: "", payload, deduplicateMs: 50 };
  return { kind: "append", id, epoch: 1, channel: "a", producer: "p", sequence: 1, previous: 0, ...common, ...fields };
}

const begin = (id: string, seen: number, epoch: number, after: "nothing" | "unknown" = "unknown"): LogRecord => {
  return { kind: "begin", id, seen, epoch, after };
};

/** Places records one behind the other, ten milliseconds and two offsets apart. */
function place(records: readonly LogRecord[]): PlacedRecord[] {
  return records.map((record, index) => ({ offset: 1 + index * 2, time: 1_000 + index * 10, record }));
}

function begun(): AcceptedPrefix {
  const prefix = new AcceptedPrefix(options);
  prefix.apply({ offset: 1, time: 0, record: begin("b", 0, 1, "nothing") });
  return prefix;
}

/** Drives a cold start over a log of which the records before the one at `index` were trimmed. */
function search(log: readonly PlacedRecord[], index: number, limits = options): WarmStart | undefined {
  const start = index === 0 ? 1 : log[index - 1]!.offset + 1;
  const end = log.at(-1)!.offset;
  const cold = new ColdStart({
    prefix: limits,
    readWhole: 0,
    firstStep: 4,
    lookFrom: Infinity,
    onLook: () => {},
    refuted: new Set(),
  });
  for (let steps = 0; !cold.isWaiting || cold.position < end; steps += 1) {
    expect(steps).toBeLessThan(1_000);
    const at = log.findIndex(({ offset }) => offset >= Math.max(start, cold.position));
    const found = cold.take({ records: at < 0 ? [] : log.slice(at, at + 3), start, end });
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The verdicts that a reader comes to which starts cold, behind all that the checkpoints it starts from include. */
function readCold(log: readonly PlacedRecord[], index: number, limits = options): Map<string, Verdict> {
  const verdicts = new Map<string, Verdict>();
  const start = search(log, index, limits);
  if (start === undefined) return verdicts;
  const passed = start.passed === undefined ? start.from - 1 : start.from;
  const included = start.unproven.at(-1)?.through ?? 0;
  for (const placed of log.slice(index)) {
    if (placed.offset <= passed) continue;
    const verdict = start.prefix.apply(placed);
    // What is included is told only as an entry or not.
    if (placed.offset > included || verdict.kind === "accepted") verdicts.set(key(placed), verdict);
  }
  return verdicts;
}

/** The part of a snapshot that is about the slices from `from` to below `to`. */
function part(snapshot: PrefixSnapshot, from: number, to: number): PrefixSnapshot {
  const channels = snapshot.channels.filter(({ channel }) => sliceOf(channel) >= from && sliceOf(channel) < to);
  const refused = snapshot.refused.filter((_, index, all) => {
    const slice = all[index - (index % 2) + 1]!;
    return slice >= from && slice < to;
  });
  return { ...snapshot, from, to, channels, refused };
}

/** Between the slices of the channels `a` to `d`. */
const cut = ["a", "b", "c", "d"].map(sliceOf).toSorted((one, other) => one - other)[2]!;

const key = ({ offset }: PlacedRecord): string => `${offset}`;

describe("AcceptedPrefix", () => {
  const step = fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record({
        kind: fc.constant("append" as const),
        channel: fc.constantFrom("a", "b", "c", "d"),
        producer: fc.constantFrom("", "p", "q", "r"),
        sequence: fc.integer({ min: 1, max: 5 }),
        gap: fc.integer({ min: 0, max: 2 }),
        isStale: fc.integer({ min: 0, max: 9 }).map((value) => value === 0),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("copy" as const), back: fc.nat(10) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("checkpoint" as const), back: fc.nat(3), half: fc.nat(2) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("epoch" as const), back: fc.nat(8) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("begin" as const), back: fc.nat(4) }) },
  );

  it.each([
    { checkpoints: "whole", limits: options },
    { checkpoints: "in parts", limits: { ...options, maxChannels: 4 } },
  ])("decides the same for a cold reader, wherever the log was trimmed ($checkpoints)", ({ checkpoints, limits }) => {
    let compared = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 60 }), (steps) => {
        const warm = new AcceptedPrefix(limits);
        const log: PlacedRecord[] = [];
        const verdicts = new Map<string, Verdict>();
        const snapshots = [warm.snapshot(0, Infinity)];
        const write = (record: LogRecord): void => {
          // The broker's clock steps back now and then.
          const placed = { offset: 1 + log.length * 2, time: 1_000 + log.length * 10 - (log.length % 7) * 5, record };
          log.push(placed);
          verdicts.set(key(placed), warm.apply(placed));
          snapshots.push(warm.snapshot(0, Infinity));
        };
        write(begin("first", 0, 1, "nothing"));
        for (const [index, given] of steps.entries()) {
          const id = `${index}`;
          const before = log[Math.max(0, log.length - 1 - ("back" in given ? given.back : 0))]!;
          switch (given.kind) {
            case "append": {
              const { channel, producer, sequence, gap } = given;
              const epoch = given.isStale ? 0 : warm.epoch;
              const numbers =
                producer === ""
                  ? { sequence: 0, previous: 0 }
                  : { sequence, previous: Math.max(0, sequence - 1 - gap) };
              write(append(id, { channel, producer, epoch, ...numbers }));
              break;
            }
            case "copy":
              write(before.record);
              break;
            case "checkpoint": {
              const whole = snapshots[log.indexOf(before) + 1]!;
              const [from, to] = [[0, 1_024] as const, [0, cut] as const, [cut, 1_024] as const][given.half]!;
              const snapshot = checkpoints === "whole" ? whole : part(whole, from, to);
              write({ kind: "checkpoint", id, through: before.offset, throughId: before.record.id, snapshot });
              break;
            }
            case "epoch":
              write({ kind: "epoch", id, above: warm.epoch, epoch: warm.epoch + 1, start: before.offset });
              break;
            case "begin":
              write(begin(id, before.offset, warm.epoch + 1));
              break;
          }
        }
        for (const end of [log.length, log.length >> 1, 3]) {
          for (let index = 1; index < end; index += 1) {
            for (const [offset, verdict] of readCold(log.slice(0, end), index, limits)) {
              compared += 1;
              expect(verdict).toEqual(verdicts.get(offset));
            }
          }
        }
      }),
      { numRuns: 150 },
    );
    expect(compared).toBeGreaterThan(1_000);
  });

  it("refuses a copy of what it refused, also when it would fit, and counts a new attempt", () => {
    const prefix = begun();
    const late = append("n-1.0", { sequence: 2, previous: 1 });
    const kinds = [
      late,
      append("n-2.0", { sequence: 1 }),
      { ...late, id: "n-1.1" },
      late,
      { ...late, id: "n-3.0" },
    ].map((record, index) => prefix.apply({ offset: 2 + index, time: 0, record }).kind);
    expect(kinds).toEqual(["producer-unknown", "accepted", "none", "none", "accepted"]);
  });

  it("counts only the first of two that begin anew, on every node", () => {
    const log = place([append("x"), begin("one", 1, 20), begin("two", 1, 10), append("y", { epoch: 20 })]);
    const warm = begun();
    const verdicts = log.map((placed) => warm.apply(placed));
    expect(verdicts.slice(1, 3)).toEqual([{ kind: "epoch", anew: true }, { kind: "none" }]);
    expect(warm.epoch).toBe(20);
    // One who cannot know of the first does not take the second for a beginning.
    expect(readCold(log, 2).size).toBe(0);
    expect(readCold(log, 1).get("7")).toEqual({ kind: "accepted", epoch: 20, offset: 7 });
  });

  it("does not count a beginning by one who had not seen that somebody knows the log", () => {
    const warm = begun();
    const snapshot = warm.snapshot(0, Infinity);
    const checkpoint: LogRecord = { kind: "checkpoint", id: "c", through: 1, throughId: "b", snapshot };
    warm.apply({ offset: 3, time: 0, record: checkpoint });
    expect(warm.apply({ offset: 5, time: 0, record: begin("late", 1, 9) })).toEqual({ kind: "none" });
    expect(warm.epoch).toBe(1);
  });

  it("counts the first of two epochs that follow the same one, and pulls back those that began above it", () => {
    const prefix = begun();
    const next = (offset: number, above: number, epoch: number, start: number): Verdict =>
      prefix.apply({ offset, time: 0, record: { kind: "epoch", id: `${offset}`, above, epoch, start } });
    expect(next(10, 1, 2, 8)).toEqual({ kind: "epoch", anew: false });
    expect(next(11, 1, 3, 8)).toEqual({ kind: "none" });
    expect(next(12, 2, 4, 5)).toEqual({ kind: "epoch", anew: false });
    expect(prefix.lineage).toEqual([
      { epoch: 1, start: 1 },
      { epoch: 2, start: 5 },
      { epoch: 4, start: 5 },
    ]);
    // maxLineage is 3.
    next(13, 4, 5, 12);
    expect(prefix.lineage.map(({ epoch }) => epoch)).toEqual([2, 4, 5]);
  });

  it("takes maxChannels channels and says full to one more", () => {
    const prefix = begun();
    const kinds = ["a", "b", "c", "d", "a"].map(
      (channel, index) =>
        prefix.apply({ offset: 3 + index, time: 0, record: append(`${index}`, { channel, producer: "" }) }).kind,
    );
    expect(kinds).toEqual(["accepted", "accepted", "accepted", "full", "accepted"]);
  });
});

describe("ColdStart", () => {
  const snapshot = begun().snapshot(0, Infinity);
  const checkpoint = (id: string, through: number, throughId: string, own = snapshot): LogRecord => {
    return { kind: "checkpoint", id, through, throughId, snapshot: own };
  };

  it("starts with the empty state where nothing was trimmed", () => {
    const log = place([begin("b", 0, 1, "nothing"), append("x")]);
    expect(search(log, 0)).toMatchObject({ from: 0, passed: undefined });
  });

  it("does not start from a checkpoint whose last record is gone, or another one", () => {
    const log = place([append("x"), append("y"), checkpoint("1", 1, "x"), checkpoint("2", 3, "x")]);
    expect(search(log, 1)).toBeUndefined();
    expect(search([...log, { offset: 9, time: 0, record: checkpoint("3", 3, "y") }], 1)).toMatchObject({
      from: 3,
      passed: "y",
    });
  });

  it("starts from the newest checkpoints that cover all channels, without a look at what lies before them", () => {
    const before = Array.from({ length: 200 }, (_, index) => append(`${index}`));
    const log = place([
      ...before,
      checkpoint("old", 399, "199"),
      checkpoint("low", 401, "old", part(snapshot, 0, cut)),
      append("x"),
      checkpoint("high", 405, "x", part(snapshot, cut, 1_024)),
      append("y"),
    ]);
    const looked: number[] = [];
    const cold = new ColdStart({
      prefix: options,
      readWhole: 0,
      firstStep: 4,
      lookFrom: Infinity,
      onLook: ({ offset }) => looked.push(offset),
      refuted: new Set(),
    });
    const end = log.at(-1)!.offset;
    let start: WarmStart | undefined;
    while (start === undefined) {
      const from = Math.max(
        0,
        log.findIndex(({ offset }) => offset >= cold.position),
      );
      start = cold.take({ records: log.slice(from, from + 2), start: 1, end });
    }
    expect(start.from).toBe(401);
    expect(start.unproven.map(({ through }) => through)).toEqual([405]);
    expect(Math.min(...looked)).toBeGreaterThan(390);
  });
});
