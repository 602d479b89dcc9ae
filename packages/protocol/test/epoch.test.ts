import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nextEpoch } from "@hawser/protocol";
import type { Random } from "@hawser/protocol";

const fixed = (...values: number[]): Random => ({
  bytes: (count) => Uint8Array.from({ length: count }, (_, index) => values[index % values.length] ?? 0),
  number: () => 0,
});
const day = 86_400_000;
const origin = Date.UTC(2024, 0, 1);

describe("nextEpoch", () => {
  it("counts milliseconds since 2024, then 13 random bits", () => {
    expect(nextEpoch(origin + 5, fixed(0xff, 0xff), 0)).toBe(5 * 8192 + 8191);
    expect(nextEpoch(origin + 5, fixed(0xe0, 0x01), 0)).toBe(5 * 8192 + 1);
  });

  it("is ordered by the time of creation, whatever the random bits are", () => {
    expect(nextEpoch(origin + day + 1, fixed(0), 0)).toBeGreaterThan(nextEpoch(origin + day, fixed(0xff), 0));
  });

  it("is above the one before when the clock went back, and still random", () => {
    const above = nextEpoch(origin + day, fixed(0), 0);
    expect(nextEpoch(origin, fixed(0), above)).toBe(above + 1);
    expect(nextEpoch(origin, fixed(0, 7), above)).toBe(above + 8);
  });

  it("is an integer from 1 to 2^53 - 1 above the last, at any time that a clock may show", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.maxSafeInteger(), fc.double({ noNaN: true, noDefaultInfinity: true })),
        fc.uint8Array({ minLength: 2, maxLength: 2 }),
        fc.oneof(
          fc.nat(),
          fc.maxSafeNat().map((value) => Math.max(value - 1, 0)),
        ),
        (now, bytes, above) => {
          const epoch = nextEpoch(now, fixed(...bytes), above);
          expect(Number.isSafeInteger(epoch)).toBe(true);
          expect(epoch).toBeGreaterThan(above);
        },
      ),
    );
  });

  it("has no answer above 2^53 - 1", () => {
    expect(() => nextEpoch(origin, fixed(0), Number.MAX_SAFE_INTEGER)).toThrow("no epoch is above");
  });
});
