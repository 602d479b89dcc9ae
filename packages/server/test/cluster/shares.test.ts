import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dealt, transfersOf } from "../../src/cluster/shares.ts";

const shares = (...sessions: number[]) =>
  sessions.map((count, index) => ({ instance: String(index), sessions: count }));

describe("the share of a node", () => {
  it("gives what is above the fair share to those below it, by what they lack", () => {
    expect(transfersOf(300, shares(0, 150), 10)).toEqual([{ instance: "0", count: 150 }]);
    expect(transfersOf(100, shares(100, 0), 10)).toEqual([{ instance: "1", count: 33 }]);
    expect(transfersOf(400, shares(0, 200, 0), 10)).toEqual(
      [
        { instance: "0", count: 125 },
        { instance: "2", count: 125 },
      ].map((transfer) => ({ ...transfer, count: transfer.count })),
    );
  });

  it("is kept within the tolerance, and left one past it", () => {
    expect(transfersOf(110, shares(90), 10)).toEqual([]);
    expect(transfersOf(111, shares(89), 10)).toEqual([{ instance: "0", count: 11 }]);
  });

  it("is not worth a move for fewer than five", () => {
    expect(transfersOf(8, shares(0), 10)).toEqual([]);
    expect(transfersOf(10, shares(0), 10)).toEqual([{ instance: "0", count: 5 }]);
    expect(transfersOf(100, [], 10)).toEqual([]);
  });

  it("comes out even for all, however many give at once", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(5_000), { minLength: 2, maxLength: 12 }),
        fc.integer({ min: 1, max: 50 }),
        (counts, tolerance) => {
          const after = [...counts];
          for (const [index, own] of counts.entries()) {
            const others = counts
              .map((sessions, at) => ({ instance: String(at), sessions }))
              .filter((_, at) => at !== index);
            for (const { instance, count } of transfersOf(own, others, tolerance)) {
              after[index]! -= count;
              after[Number(instance)]! += count;
            }
          }
          const fair = counts.reduce((sum, count) => sum + count, 0) / counts.length;
          // What each rounds down stays where it is.
          for (const [index, count] of after.entries()) {
            expect(count).toBeLessThanOrEqual(Math.max(fair * (1 + tolerance / 100), fair + 5) + counts.length);
            expect(count).toBeGreaterThanOrEqual(Math.min(counts[index]!, fair) - 1);
          }
        },
      ),
    );
  });

  it("goes to all who lack side by side", () => {
    const order = dealt([
      { instance: "a", count: 4 },
      { instance: "b", count: 2 },
    ]);
    expect(order).toHaveLength(6);
    expect(order.slice(0, 3).sort()).toEqual(["a", "a", "b"]);
  });
});
