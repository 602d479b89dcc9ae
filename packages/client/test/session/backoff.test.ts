import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Backoff } from "../../src/session/backoff.ts";

const drawing = (number: number) => ({ number: () => number, bytes: () => new Uint8Array(0) });

describe("backoff", () => {
  it("draws evenly below a bound that doubles up to the cap", () => {
    const backoff = new Backoff({ minMs: 100, maxMs: 1_000 }, drawing(0.5));
    expect(Array.from({ length: 6 }, () => backoff.next())).toEqual([50, 100, 200, 400, 500, 500]);
  });

  it("starts over after success", () => {
    const backoff = new Backoff({ minMs: 100, maxMs: 1_000 }, drawing(0.5));
    backoff.next();
    backoff.next();
    backoff.reset();
    expect(backoff.next()).toBe(50);
  });

  it("never comes before the server's delay, and never later than the cap behind it", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e6 }),
        fc.nat(1e6),
        fc.nat(1e6),
        fc.nat(5_000),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (minMs, more, atLeast, failures, drawn) => {
          const backoff = new Backoff({ minMs, maxMs: minMs + more }, drawing(drawn));
          for (let count = 0; count < failures; count += 1) backoff.next();
          const delay = backoff.next(atLeast);
          expect(delay).toBeGreaterThanOrEqual(atLeast);
          expect(delay).toBeLessThanOrEqual(atLeast + minMs + more);
        },
      ),
    );
  });
});
