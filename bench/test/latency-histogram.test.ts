import { describe, expect, it } from "vitest";
import { LatencyHistogram } from "../src/load/latency-histogram.ts";

describe("LatencyHistogram", () => {
  it("has 0 for every percentile while it is empty", () => {
    expect(new LatencyHistogram().percentile(0.99)).toBe(0);
  });

  it("finds percentiles to 10 microseconds", () => {
    const histogram = new LatencyHistogram();
    for (let index = 1; index <= 100; index += 1) histogram.record(index);
    expect(histogram.percentile(0.5)).toBeCloseTo(50.01);
    expect(histogram.percentile(0.99)).toBeCloseTo(99.01);
  });

  it("keeps what is longer than its range in the last bucket", () => {
    const histogram = new LatencyHistogram();
    histogram.record(1e9);
    expect(histogram.percentile(1)).toBe(20_000);
    expect(histogram.count).toBe(1);
  });
});
