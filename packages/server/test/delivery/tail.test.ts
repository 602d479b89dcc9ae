import type { Entry } from "@hawser/log";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Tail } from "../../src/delivery/tail.ts";

const entry = (offset: number, bytes = 10): Entry => ({
  offset,
  time: 0,
  payload: { kind: "bytes", data: new Uint8Array(bytes) },
  key: "",
  publisher: "",
});

describe("a tail", () => {
  it("gives the run behind a cursor, up to a cost but one entry at least", () => {
    const tail = new Tail(5, 1_000_000);
    tail.append([entry(7), entry(9), entry(12)], { from: 5, to: 14 });
    expect(tail.take(5, 1_000)).toMatchObject({
      from: 5,
      to: 14,
      entries: [{ offset: 7 }, { offset: 9 }, { offset: 12 }],
    });
    expect(tail.take(5, 84)).toMatchObject({ from: 5, to: 9 });
    expect(tail.take(5, 1)).toMatchObject({ from: 5, to: 7 });
    expect(tail.take(8, 1_000)).toMatchObject({ from: 8, to: 14, entries: [{ offset: 9 }, { offset: 12 }] });
    expect(tail.take(13, 1_000)).toEqual({ from: 13, to: 14, entries: [] });
  });

  it("gives all who come to the same cursors the same runs, until it grows", () => {
    const tail = new Tail(0, 1_000_000);
    const append = (first: number) => tail.append([entry(first), entry(first + 1)], { from: first - 1, to: first + 1 });
    append(1);
    append(3);
    const [one, other] = [tail.take(0, 84), tail.take(2, 84)];
    expect([one.to, other.to]).toEqual([2, 4]);
    expect([tail.take(0, 84), tail.take(2, 84)].map((run, index) => run === [one, other][index])).toEqual([true, true]);
    expect(tail.take(0, 1)).not.toBe(one);
    append(5);
    expect(tail.take(0, 84)).not.toBe(one);
  });

  it("knows below which offset its newest entries lie", () => {
    const tail = new Tail(5, 1_000_000);
    tail.append([entry(7), entry(9), entry(12)], { from: 5, to: 14 });
    expect([1, 2, 3, 4].map((count) => tail.offsetBelowNewest(count))).toEqual([9, 7, 5, undefined]);
  });

  it("refuses an interval that does not begin at its end", () => {
    const tail = new Tail(5, 100);
    expect(() => tail.append([entry(8)], { from: 6, to: 8 })).toThrow("invariant");
  });

  it("holds large payloads in buffers of its own, which it uses again, and changes none that it still holds", () => {
    const tail = new Tail(0, 30_000);
    const lengths = [5_000, 9_000, 4_096, 8_192, 100, 20_000, 12_000];
    const buffers = new Set<ArrayBufferLike>();
    for (let offset = 1; offset <= 300; offset += 1) {
      const data = new Uint8Array(lengths[offset % lengths.length]!).fill(offset % 251);
      tail.append([{ ...entry(offset), payload: { kind: "bytes", data } }], { from: offset - 1, to: offset });
      for (const held of tail.take(tail.from, 1_000_000).entries) {
        const { payload } = held;
        expect(payload?.data.length).toBe(lengths[held.offset % lengths.length]);
        expect(payload?.data.every((byte) => byte === held.offset % 251)).toBe(true);
        if (payload!.data.length >= 4_096) buffers.add(payload!.data.buffer);
      }
    }
    expect(buffers.size).toBeLessThan(150);
  });

  it("never holds more than its bound and one entry, and gives from any cursor in it just what was appended behind", () => {
    const growth = fc.array(
      fc.record({
        gaps: fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 6 }),
        rest: fc.nat(3),
        bytes: fc.nat(200),
      }),
      {
        maxLength: 60,
      },
    );
    fc.assert(
      fc.property(growth, fc.integer({ min: 1, max: 2_000 }), (batches, maxCost) => {
        const tail = new Tail(0, maxCost);
        const all: number[] = [];
        let to = 0;
        let cost = 0;
        for (const { gaps, rest, bytes } of batches) {
          const from = to;
          const entries = gaps.map((gap) => entry((to += gap), bytes));
          to += rest;
          all.push(...entries.map(({ offset }) => offset));
          cost += tail.append(entries, { from, to });
          expect(tail.cost).toBe(cost);
          expect(tail.cost).toBeLessThanOrEqual(Math.max(maxCost, 232));
          for (let cursor = tail.from; cursor < tail.to; cursor += 1) {
            const run = tail.take(cursor, 300);
            expect(run.to).toBeGreaterThan(cursor);
            expect(run.entries.map(({ offset }) => offset)).toEqual(
              all.filter((offset) => offset > cursor && offset <= run.to),
            );
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});
