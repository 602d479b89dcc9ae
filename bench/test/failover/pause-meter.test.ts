import { describe, expect, it } from "vitest";
import { PauseMeter } from "../../src/failover/pause-meter.ts";

describe("PauseMeter", () => {
  it("tells the longest time between two messages", () => {
    const meter = new PauseMeter();
    for (const at of [10, 12, 40, 41]) meter.receive(at);
    expect(meter.lap(42)).toBe(28);
  });

  it("counts a pause that lasts yet, and no part of it twice", () => {
    const meter = new PauseMeter();
    meter.receive(10);
    expect(meter.lap(60)).toBe(50);
    meter.receive(70);
    expect(meter.lap(71)).toBe(10);
  });

  it("knows no pause before the first message", () => {
    const meter = new PauseMeter();
    expect(meter.lap(1_000)).toBe(0);
    meter.receive(5_000);
    expect(meter.lap(5_000)).toBe(0);
  });
});
