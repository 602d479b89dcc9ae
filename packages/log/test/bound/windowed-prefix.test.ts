import { describe, expect, it } from "vitest";
import type { PlacedRecord } from "@hawser/log/broker";
import { encodeText } from "@hawser/protocol";
import { WindowedPrefix } from "../../src/bound/windowed-prefix.ts";
import { seededNumbers } from "../../src/conformance/seeded-numbers.ts";
import type { WriterMark } from "../../src/prefix/log-record.ts";

const origin = "orders/0";
const windowOffsets = 40;
const rememberedOffsets = 150;
const runs = Number(process.env["HAWSER_RUNS"] ?? 100);

interface Fields {
  readonly offset: number;
  readonly id: string;
  readonly producer: string;
  readonly sequence: number;
  readonly previous?: number;
  readonly mark?: Partial<WriterMark>;
}

function prefixFrom(from = 0): WindowedPrefix {
  return new WindowedPrefix({ origin, epoch: 7, from, floor: 0, windowOffsets, rememberedOffsets });
}

function marked({ offset, id, producer, sequence, previous = sequence - 1, mark }: Fields): PlacedRecord {
  const full: WriterMark = { origin, seen: offset - 1, seenId: "", last: previous, ...mark };
  const payload = { kind: "text", data: encodeText(`${producer}-${sequence}`) } as const;
  const rest = { epoch: 0, channel: "1", deduplicateMs: 0, payload, key: "", publisher: "" };
  return { offset, time: 0, record: { kind: "append", id, producer, sequence, previous, mark: full, ...rest } };
}

function foreign(offset: number): PlacedRecord {
  return { offset, time: 0, record: { kind: "foreign", id: `f${offset}` } };
}

describe("what counts in a partition that others write too", () => {
  it("is what follows the last of its producer that counted, between what the writer had read and where it lies", () => {
    const prefix = prefixFrom();
    const p = { producer: "p", mark: { seen: 0, last: 0 } };
    expect(prefix.apply(marked({ ...p, offset: 1, id: "a.0", sequence: 1 }))).toEqual({
      kind: "accepted",
      epoch: 7,
      offset: 1,
    });
    expect(prefix.apply(marked({ ...p, offset: 2, id: "b.0", sequence: 2 })).kind).toBe("accepted");
    expect(prefix.apply(marked({ ...p, offset: 3, id: "b.1", sequence: 2 }))).toEqual({
      kind: "duplicate",
      epoch: 7,
      offset: 2,
    });
    expect(prefix.apply(marked({ ...p, offset: 4, id: "c.0", sequence: 5 }))).toEqual({
      kind: "out-of-order",
      last: 2,
    });
    expect(prefix.lastOf("1", "p")).toBe(2);
    expect([1, 2, 3, 4].map((offset) => prefix.counted(offset))).toEqual([true, true, false, false]);
  });

  it("is not a late copy of what was refused, though it would fit by then", () => {
    const prefix = prefixFrom();
    const p = { producer: "p", mark: { seen: 0, last: 0 } };
    expect(prefix.apply(marked({ ...p, offset: 1, id: "b.0", sequence: 2 })).kind).toBe("producer-unknown");
    prefix.apply(marked({ ...p, offset: 2, id: "a.0", sequence: 1 }));
    expect(prefix.apply(marked({ ...p, offset: 3, id: "b.1", sequence: 2 })).kind).toBe("none");
    expect(prefix.apply(marked({ ...p, offset: 4, id: "c.0", sequence: 2 })).kind).toBe("accepted");
  });

  it("is nothing that took more than the window", () => {
    for (const [behind, kind] of [
      [windowOffsets, "accepted"],
      [windowOffsets + 1, "stale"],
    ] as const) {
      const prefix = prefixFrom();
      const late = { offset: 60, id: "a.0", producer: "p", sequence: 1, mark: { seen: 60 - behind } };
      expect(prefix.apply(marked(late)).kind).toBe(kind);
    }
  });

  it("is nothing whose writer had read another partition than this is", () => {
    const prefix = prefixFrom();
    prefix.apply(marked({ offset: 1, id: "a.0", producer: "p", sequence: 1 }));
    const next = { producer: "q", sequence: 1 };
    expect(prefix.apply(marked({ ...next, offset: 2, id: "b.0", mark: { seen: 1, seenId: "other" } })).kind).toBe(
      "stale",
    );
    expect(prefix.apply(marked({ ...next, offset: 3, id: "b.1", mark: { seen: 3 } })).kind).toBe("stale");
    expect(prefix.apply(marked({ ...next, offset: 4, id: "b.2", mark: { seen: 1, seenId: "a.0" } })).kind).toBe(
      "accepted",
    );
  });

  it("is all that others write, also what they copied out of another topic", () => {
    const prefix = prefixFrom();
    const copied = { offset: 1, id: "a.0", producer: "p", sequence: 9, mark: { origin: "invoices/0", seen: 4_000 } };
    expect(prefix.apply(marked(copied)).kind).toBe("accepted");
    expect(prefix.lastOf("1", "p")).toBe(0);
  });

  it("is remembered for rememberedOffsets", () => {
    const prefix = prefixFrom();
    prefix.apply(marked({ offset: 1, id: "a.0", producer: "p", sequence: 1 }));
    prefix.apply(marked({ offset: 2, id: "a.1", producer: "p", sequence: 1, mark: { seen: 0, last: 0 } }));
    prefix.apply(foreign(rememberedOffsets + 1));
    expect([prefix.base, prefix.lastOf("1", "p"), prefix.counted(2)]).toEqual([1, 1, false]);
    prefix.apply(foreign(rememberedOffsets + 2));
    expect([prefix.base, prefix.lastOf("1", "p"), prefix.counted(2)]).toEqual([2, 0, true]);
  });

  it.for(Array.from({ length: runs }, (_, index) => index + 1))(
    "is the same for who has read two windows more, wherever reading began (seed %i)",
    (seed) => {
      const next = seededNumbers(seed);
      const records = written(next, 400);
      const warm = prefixFrom();
      const verdicts = records.map((placed) => warm.apply(placed));
      const accepted = records.filter((_, index) => verdicts[index]!.kind === "accepted");
      for (const producer of ["p", "q", "r"]) {
        const sequences = accepted.flatMap(({ record }) =>
          record.kind === "append" && record.producer === producer ? [record.sequence] : [],
        );
        expect(sequences).toEqual(Array.from(sequences, (_, index) => index + 1));
      }
      expect(accepted.length).toBeGreaterThan(20);
      for (let tries = 0; tries < 10; tries += 1) {
        const from = next(records.length);
        const cold = prefixFrom(from);
        for (const [index, placed] of records.entries()) {
          if (placed.offset <= from) continue;
          const verdict = cold.apply(placed);
          if (from === 0 || placed.offset > from + 2 * windowOffsets) expect(verdict.kind).toBe(verdicts[index]!.kind);
        }
        for (const { offset } of records) {
          if (offset > Math.max(cold.base, warm.base)) expect(cold.counted(offset)).toBe(warm.counted(offset));
        }
      }
    },
  );
});

/** What a few nodes wrote that send again, are late, and read the partition with a delay. */
function written(next: (below: number) => number, count: number): PlacedRecord[] {
  const records: PlacedRecord[] = [];
  const late: { at: number; readonly place: (offset: number) => PlacedRecord }[] = [];
  const nodes = Array.from({ length: 3 }, () => ({ prefix: prefixFrom(), read: 0 }));
  let ids = 0;
  const put = (place: (offset: number) => PlacedRecord): void => void records.push(place(records.length + 1));
  while (records.length < count) {
    for (const { at, place } of late.splice(0)) {
      if (at <= records.length) put(place);
      else late.push({ at, place });
    }
    if (next(4) === 0) put(foreign);
    const node = nodes[next(nodes.length)]!;
    for (let reads = next(30); reads > 0 && node.read < records.length; reads -= 1) {
      node.prefix.apply(records[node.read]!);
      node.read += 1;
    }
    const producer = "pqr".charAt(next(3));
    const last = node.prefix.lastOf("1", producer);
    // Of a client that asks again for what it has, or is ahead of what this node has read.
    const first = Math.max(1, last - 2 + next(5));
    const end = first + 1 + next(3);
    for (let sequence = first; sequence < end; sequence += 1) {
      const seenRecord = records[node.read - 1]?.record;
      const mark = { seen: node.read, seenId: seenRecord?.kind === "append" ? seenRecord.id : "", last };
      const attempt = `n${(ids += 1)}`;
      for (let copy = 0; copy < (next(5) === 0 ? 2 : 1); copy += 1) {
        const fields = { id: `${attempt}.${copy}`, producer, sequence, mark };
        const place = (offset: number): PlacedRecord => marked({ ...fields, offset });
        if (next(4) === 0) late.push({ at: records.length + next(50), place });
        else put(place);
      }
    }
  }
  return records;
}
