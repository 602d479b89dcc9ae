import { describe, expect, it } from "vitest";
import { Durations } from "../../src/pool/durations.ts";

describe("a histogram of durations", () => {
  it("counts each below all bounds that it does not pass, and one past the last in the total alone", () => {
    const durations = new Durations();
    for (const durationMs of [0.5, 1, 1.1, 30_000, 30_001]) durations.observe(durationMs);
    expect(durations.figures).toMatchObject({ count: 5, sumMs: 60_003.6 });
    expect(durations.figures.atMost).toEqual([2, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 4]);
  });

  it("has a median and a 99th percentile, within a bucket and past the last one", () => {
    const durations = new Durations();
    expect(durations.figures).toMatchObject({ p50Ms: 0, p99Ms: 0 });
    for (let count = 0; count < 100; count += 1) durations.observe(20);
    expect(durations.figures.p50Ms).toBe(15);
    expect(durations.figures.p99Ms).toBeLessThanOrEqual(20);
    for (let count = 0; count < 100; count += 1) durations.observe(70_000);
    expect(durations.figures.p99Ms).toBe(70_000);
  });
});
