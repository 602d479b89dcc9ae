import type { Head } from "@hawser/log";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { resolvePosition } from "../../src/delivery/start.ts";

const head: Head = {
  epoch: 30,
  floor: 12,
  end: 100,
  lineage: [
    { epoch: 10, start: 0 },
    { epoch: 20, start: 40 },
    { epoch: 30, start: 80 },
  ],
};

const start = (epoch: number, offset: number): unknown => resolvePosition(head, { epoch, offset });

describe("a position", () => {
  it("of an older epoch is carried over where that epoch reached it [POS-7]", () => {
    expect(start(20, 60)).toEqual({ kind: "start", offset: 60, reset: "", lost: undefined });
    expect(start(20, 80)).toMatchObject({ offset: 80, reset: "" });
    expect(start(10, 40)).toMatchObject({ offset: 40, reset: "" });
    expect(start(10, 5)).toMatchObject({ offset: 12, reset: "trimmed", lost: { from: 5, to: 12 } });
  });

  it("of an epoch that the log did not go through is unknown, though its offset is one of the log's [POS-9]", () => {
    expect(start(25, 80)).toEqual({ kind: "start", offset: 12, reset: "unknown", lost: undefined });
    expect(start(5, 3)).toMatchObject({ offset: 12, reset: "unknown" });
  });

  it("above what its epoch reached in this log goes back to there [POS-8]", () => {
    expect(start(20, 95)).toMatchObject({ offset: 80, reset: "truncated", lost: undefined });
    expect(start(10, 200)).toMatchObject({ offset: 40, reset: "truncated" });
  });

  it("never starts below the floor or above the end, and loses nothing without a word", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 40 }), fc.nat(150), (epoch, offset) => {
        const found = resolvePosition(head, { epoch, offset });
        if (found.kind === "ahead-of-epoch") {
          expect(epoch).toBeGreaterThan(head.epoch);
          return;
        }
        expect(found.offset).toBeGreaterThanOrEqual(head.floor);
        expect(found.offset).toBeLessThanOrEqual(head.end);
        if (found.offset !== offset) expect(found.reset).not.toBe("");
        if (found.lost !== undefined) expect(found.lost.to).toBe(found.offset);
      }),
    );
  });
});
