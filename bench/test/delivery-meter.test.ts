import { describe, expect, it } from "vitest";
import { DeliveryMeter, Tally } from "../src/load/delivery-meter.ts";

function meterOf(subscribers: number): { meter: DeliveryMeter; tally: Tally } {
  const tally = new Tally();
  return { meter: new DeliveryMeter(subscribers, 8, tally), tally };
}

describe("DeliveryMeter", () => {
  it("counts a message as in flight until its last subscriber has it", () => {
    const { meter, tally } = meterOf(2);
    expect(meter.publish(0)).toBe(1);
    meter.deliver(0, 1, 1, 1);
    expect(tally.inFlight).toBe(1);
    meter.deliver(1, 1, 1, 1);
    expect(tally.inFlight).toBe(0);
  });

  it("takes messages that come in pieces of different sizes", () => {
    const { meter, tally } = meterOf(2);
    for (let round = 0; round < 10; round += 1) {
      const first = meter.publish(0);
      for (let more = 0; more < 4; more += 1) meter.publish(0);
      meter.deliver(0, first, first + 4, 1);
      meter.deliver(1, first, first + 1, 1);
      expect(meter.complete).toBe(first + 1);
      meter.deliver(1, first + 2, first + 4, 1);
      expect(meter.complete).toBe(first + 4);
    }
    expect(tally.inFlight).toBe(0);
    expect(tally.deliveries).toBe(100);
  });

  it("fails on a message that comes twice", () => {
    const { meter } = meterOf(1);
    meter.publish(0);
    meter.deliver(0, 1, 1, 1);
    expect(() => meter.deliver(0, 1, 1, 1)).toThrow("got message 1 where 2 was next");
  });

  it("fails on a message that was left out", () => {
    const { meter } = meterOf(1);
    meter.publish(0);
    meter.publish(0);
    expect(() => meter.deliver(0, 2, 2, 1)).toThrow("got message 2 where 1 was next");
  });

  it("fails on a message that nobody published", () => {
    const { meter } = meterOf(1);
    meter.publish(0);
    expect(() => meter.deliver(0, 1, 2, 1)).toThrow("message 2 was never published");
  });

  it("fails on more messages in flight than it can follow", () => {
    const { meter } = meterOf(1);
    for (let count = 0; count < 7; count += 1) meter.publish(0);
    expect(() => meter.publish(0)).toThrow("more than 7 messages in flight");
  });

  it("measures each message from its own publish to the read", () => {
    const { meter, tally } = meterOf(1);
    meter.publish(10);
    meter.publish(10);
    meter.publish(12);
    meter.deliver(0, 1, 3, 12.5);
    expect(tally.latencies.percentile(0.33)).toBeCloseTo(0.51);
    expect(tally.latencies.percentile(0.99)).toBeCloseTo(2.51);
  });
});
