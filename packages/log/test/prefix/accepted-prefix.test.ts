import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AcceptedPrefix, ColdStart } from "@hawser/log";
import type { AppendRecord, LogRecord, PlacedRecord, Verdict, WarmStart } from "@hawser/log";

const options = { maxChannels: 3, maxProducersPerChannel: 2, maxRecentPositions: 3, maxLineage: 3 };
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

/** A reader that starts with the record at `index`, the ones before it trimmed: the verdicts that it comes to. */
function readCold(log: readonly PlacedRecord[], index: number): Map<string, Verdict> {
  const cold = new ColdStart({ prefix: options, maxHeld: 1_000 });
  const verdicts = new Map<string, Verdict>();
  let start: WarmStart | undefined = cold.begin((log[index - 1]?.offset ?? 0) + 1);
  for (const placed of log.slice(index)) {
    if (start === undefined) {
      start = cold.take(placed);
      for (const next of start?.next ?? []) verdicts.set(key(next), start!.prefix.apply(next));
    } else {
      verdicts.set(key(placed), start.prefix.apply(placed));
    }
  }
  return verdicts;
}

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
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("checkpoint" as const), back: fc.nat(3) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("epoch" as const), back: fc.nat(8) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("begin" as const), back: fc.nat(4) }) },
  );

  it("decides the same for a cold reader, wherever the log was trimmed, as for one that read it all", () => {
    let compared = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 60 }), (steps) => {
        const warm = new AcceptedPrefix(options);
        const log: PlacedRecord[] = [];
        const verdicts = new Map<string, Verdict>();
        const snapshots = [warm.snapshot()];
        const write = (record: LogRecord): void => {
          // The broker's clock steps back now and then.
          const placed = { offset: 1 + log.length * 2, time: 1_000 + log.length * 10 - (log.length % 7) * 5, record };
          log.push(placed);
          verdicts.set(key(placed), warm.apply(placed));
          snapshots.push(warm.snapshot());
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
              const snapshot = snapshots[log.indexOf(before) + 1]!;
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
        for (let index = 1; index < log.length; index += 1) {
          for (const [offset, verdict] of readCold(log, index)) {
            compared += 1;
            expect(verdict).toEqual(verdicts.get(offset));
          }
        }
      }),
      { numRuns: 300 },
    );
    expect(compared).toBeGreaterThan(1_000);
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
    const snapshot = warm.snapshot();
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
  const snapshot = begun().snapshot();
  const checkpoint = (through: number, throughId: string): LogRecord => {
    return { kind: "checkpoint", id: "c", through, throughId, snapshot };
  };

  it("starts with the empty state where nothing was trimmed", () => {
    expect(new ColdStart({ prefix: options, maxHeld: 10 }).begin(1)?.prefix.epoch).toBe(0);
  });

  it("does not start from a checkpoint whose last record is gone, or another one", () => {
    const log = place([append("x"), checkpoint(1, "gone"), checkpoint(0, "x"), checkpoint(1, "x")]);
    const cold = new ColdStart({ prefix: options, maxHeld: 10 });
    expect(cold.begin(2)).toBeUndefined();
    expect(log.map((placed) => cold.take(placed)?.prefix.epoch)).toEqual([undefined, undefined, undefined, 1]);
  });

  it("holds maxHeld records and lets the older half go past it", () => {
    const start = (records: number): unknown => {
      const cold = new ColdStart({ prefix: options, maxHeld: 4 });
      cold.begin(2);
      const log = place([...Array.from({ length: records }, (_, index) => append(`${index}`)), checkpoint(1, "0")]);
      return log.map((placed) => cold.take(placed)).at(-1);
    };
    expect(start(4)).toBeDefined();
    expect(start(5)).toBeUndefined();
  });
});
