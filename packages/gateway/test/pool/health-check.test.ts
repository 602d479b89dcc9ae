import { expect, it } from "vitest";
import { HealthCheck } from "../../src/pool/health/health-check.ts";
import { Target } from "../../src/pool/target.ts";
import { SimulatedPorts } from "../support/simulated-ports.ts";
import { settingsOf } from "./pool-scene.ts";

it("lets go of what was asked at its time limit, though there was an answer, and at once when it stops", async () => {
  const ports = new SimulatedPorts();
  const settings = settingsOf({ targets: ["ws://a:1"], health: { intervalMs: 10_000, timeoutMs: 2_000 } });
  const signals: AbortSignal[] = [];
  const check = new HealthCheck({
    timers: ports,
    random: ports,
    target: new Target(settings.targets[0]!, settings, 0),
    health: settings.health!,
    probe: async (_, __, signal) => void signals.push(signal),
    onChange: () => {},
  });
  await ports.advance(1_000);
  expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
  await ports.advance(2_000);
  expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  await ports.advance(8_100);
  check.stop();
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
  expect(ports.pending).toBe(0);
});
