import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decideAppend, ProducerTable, RecentPositions } from "@hawser/log";

const sequence = fc.integer({ min: 1, max: 6 });

describe("decideAppend", () => {
  it("accepts if and only if `previous` is the last accepted sequence and the sequence rises [PUB-1]", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 6 }), sequence, fc.integer({ min: 0, max: 6 }), (last, next, previous) => {
        const state = last === 0 ? undefined : { last };
        const { kind } = decideAppend(state, { producer: "p", sequence: next, previous });
        expect(kind === "accept").toBe(previous === last && next > last);
      }),
    );
  });

  it.each([
    { state: { last: 5 }, sequence: 5, previous: 4, decision: { kind: "duplicate" } },
    { state: { last: 5 }, sequence: 5, previous: 5, decision: { kind: "duplicate" } },
    { state: { last: 5 }, sequence: 1, previous: 0, decision: { kind: "duplicate" } },
    { state: { last: 5 }, sequence: 7, previous: 6, decision: { kind: "out-of-order", last: 5 } },
    { state: { last: 5 }, sequence: 6, previous: 0, decision: { kind: "out-of-order", last: 5 } },
    { state: undefined, sequence: 7, previous: 6, decision: { kind: "producer-unknown" } },
  ])("answers $sequence with previous $previous by $decision.kind [PUB-2] [PUB-3] [PUB-4]", (given) => {
    const { state, sequence: next, previous, decision } = given;
    expect(decideAppend(state, { producer: "p", sequence: next, previous })).toEqual(decision);
  });

  it("accepts what has no producer [PUB-7]", () => {
    expect(decideAppend(undefined, { producer: "", sequence: 0, previous: 0 })).toEqual({ kind: "accept" });
  });
});

describe("RecentPositions", () => {
  it("finds the newest sequences and none else", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: 1_000 }), { maxLength: 40 }),
        fc.integer({ min: 0, max: 10 }),
        (numbers, limit) => {
          const rising = numbers.toSorted((left, right) => left - right);
          const recent = new RecentPositions(limit);
          for (const number of rising) recent.add(number, number * 2);
          const kept = limit === 0 ? [] : rising.slice(-limit);
          for (const number of rising) {
            expect(recent.offsetOf(number)).toBe(kept.includes(number) ? number * 2 : undefined);
          }
          expect(recent.toArray().map((position) => position.sequence)).toEqual(kept);
        },
      ),
    );
  });
});

describe("ProducerTable", () => {
  const options = { deduplicateMs: 100, maxProducers: 3, maxRecentPositions: 4 };

  it("comes back from what it gave, and decides the same from then on", () => {
    const step = fc.record({
      producer: fc.constantFrom("p", "q", "r", "s", "t"),
      pause: fc.integer({ min: 0, max: 60 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), fc.array(step, { maxLength: 30 }), (before, after) => {
        const table = new ProducerTable(options);
        let now = 0;
        let count = 0;
        const apply = (to: ProducerTable[], steps: typeof before): void => {
          for (const { producer, pause } of steps) {
            now += pause;
            count += 1;
            for (const one of to) one.accept(producer, count, count, now);
          }
        };
        apply([table], before);
        const restored = new ProducerTable(options);
        restored.restore(table.toArray());
        apply([table, restored], after);
        expect(restored.toArray()).toEqual(table.toArray());
        expect(table.size).toBeLessThanOrEqual(options.maxProducers);
      }),
    );
  });

  it("forgets at the end of the window, and an append inside it renews it", () => {
    const table = new ProducerTable(options);
    table.accept("p", 1, 1, 0);
    table.accept("p", 2, 2, 99);
    expect(table.find("p", 198)).toMatchObject({ last: 2 });
    expect(table.find("p", 199)).toBeUndefined();
    expect(table.nextExpiry()).toBe(199);
    expect(table.expire(198, 10)).toBe(false);
    expect(table.size).toBe(1);
    table.expire(199, 10);
    expect(table.size).toBe(0);
  });
});
