import { describe, expect, it } from "vitest";
import { DeliveryMeter } from "../src/load/delivery-meter.ts";

describe("DeliveryMeter", () => {
  it("counts a message as in flight until its last subscriber has it", () => {
    const meter = new DeliveryMeter(2, () => 0);
    expect(meter.publish()).toBe(1);
    meter.deliver(0, 1, 1);
    expect(meter.inFlight).toBe(1);
    meter.deliver(1, 1, 1);
    expect(meter.inFlight).toBe(0);
  });

  it("fails on a message that comes twice", () => {
    const meter = new DeliveryMeter(1, () => 0);
    meter.publish();
    meter.deliver(0, 1, 1);
    expect(() => meter.deliver(0, 1, 1)).toThrow("got message 1 where 2 was next");
  });

  it("fails on a message that was left out", () => {
    const meter = new DeliveryMeter(1, () => 0);
    meter.publish();
    meter.publish();
    expect(() => meter.deliver(0, 2, 1)).toThrow("got message 2 where 1 was next");
  });

  it("measures from the publish to the read", () => {
    let now = 10;
    const meter = new DeliveryMeter(1, () => now);
    meter.publish();
    now = 12.5;
    meter.deliver(0, 1, now);
    expect(meter.latencies.percentile(0.99)).toBeCloseTo(2.51);
  });
});
