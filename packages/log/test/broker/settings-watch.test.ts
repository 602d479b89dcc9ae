import { describe, expect, it } from "vitest";
import { SettingsWatch } from "@hawser/log/broker";
import { HawserError } from "@hawser/protocol";
import { SimulatedWorld } from "../support/simulated-world.ts";

function setup() {
  const world = new SimulatedWorld();
  const broker = { failure: undefined as Error | undefined, looks: 0 };
  const told: string[] = [];
  const watch = new SettingsWatch({
    ports: world,
    intervalMs: 1_000,
    look: async () => {
      broker.looks += 1;
      if (broker.failure !== undefined) throw broker.failure;
    },
    warn: (text) => told.push(text),
  });
  const pass = (ms: number): Promise<void> =>
    world.drive(new Promise((resolve) => void world.timers.after(ms, resolve)));
  return { broker, watch, told, pass };
}

describe("what a broker is set to", () => {
  it("is looked at once in an interval, until the log is closed", async () => {
    const { broker, watch, pass } = setup();
    await pass(20_000);
    expect(broker.looks).toBeGreaterThanOrEqual(20 / 1.5 - 1);
    expect(broker.looks).toBeLessThanOrEqual(20 / 0.5);
    watch.close();
    const { looks } = broker;
    await pass(20_000);
    expect(broker.looks).toBe(looks);
  });

  it("stops appends when it is less than was promised, is told once, and lets them through when it is set right", async () => {
    const { broker, watch, told, pass } = setup();
    await pass(5_000);
    expect(() => watch.allowAppends()).not.toThrow();
    broker.failure = new HawserError("option-invalid", "appendfsync is no");
    await pass(5_000);
    expect(() => watch.allowAppends()).toThrow(expect.objectContaining({ code: "log-unavailable", retry: true }));
    expect(() => watch.allowAppends()).toThrow("appendfsync is no");
    broker.failure = undefined;
    await pass(5_000);
    expect(() => watch.allowAppends()).not.toThrow();
    expect(told).toEqual(["fails publishes: appendfsync is no", "takes publishes again: it keeps what was promised"]);
  });

  it("is as it was where the broker does not answer", async () => {
    const { broker, watch, told, pass } = setup();
    broker.failure = new HawserError("log-unavailable", "away");
    await pass(5_000);
    expect(() => watch.allowAppends()).not.toThrow();
    broker.failure = new HawserError("log-foreign", "compacted");
    await pass(5_000);
    broker.failure = new Error("away");
    await pass(5_000);
    expect(() => watch.allowAppends()).toThrow("compacted");
    expect(told).toEqual(["fails publishes: compacted"]);
  });
});
