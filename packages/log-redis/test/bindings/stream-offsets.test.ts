import { describe, expect, it } from "vitest";
import { idThrough, offsetOf, originMs } from "../../src/bindings/stream-offsets.ts";

describe("the offset of an entry of somebody's stream", () => {
  it("keeps the order of the ids, and leads back to them", () => {
    const ids = [
      [originMs + 1, 0],
      [originMs + 1, 1],
      [originMs + 1, 8_190],
      [originMs + 2, 0],
      [originMs + 2 ** 40 - 1, 8_190],
    ] as const;
    const offsets = ids.map(([ms, number]) => offsetOf(ms, number).offset);
    expect(offsets).toEqual(offsets.toSorted((left, right) => left - right));
    expect(new Set(offsets).size).toBe(ids.length);
    expect(offsets.every(Number.isSafeInteger)).toBe(true);
    expect(offsets.map(idThrough)).toEqual(ids.map(([ms, number]) => `${ms}-${number}`));
  });

  it("is shared by those of a millisecond that are too many, behind which the next millisecond begins", () => {
    const last = offsetOf(originMs + 1, 8_191);
    expect(last).toEqual(offsetOf(originMs + 1, 70_000));
    expect([last.isExact, offsetOf(originMs + 1, 8_190).isExact]).toEqual([false, true]);
    expect(last.offset).toBeLessThan(offsetOf(originMs + 2, 0).offset);
    expect(idThrough(last.offset)).toBe(`${originMs + 1}-18446744073709551615`);
  });

  it("is 0 or less before 2024, which no position reaches", () => {
    expect(offsetOf(originMs, 0).offset).toBe(0);
    expect(offsetOf(5, 0).offset).toBeLessThan(0);
    expect(idThrough(0)).toBe("0-0");
  });
});
