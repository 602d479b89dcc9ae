import { describe, expect, it } from "vitest";
import { conformanceCases } from "@hawser/log/conformance";
import type { ConformanceCapabilities, ConformanceHarness } from "@hawser/log/conformance";
import { memoryLog } from "@hawser/log";
import { SimulatedWorld } from "../support/simulated-world.ts";

const capabilities: ConformanceCapabilities = {
  ...memoryLog().capabilities,
  reopens: true,
  controlsTime: true,
  trims: ["count", "bytes", "age"],
  maxPayloadBytes: 256 * 1024,
};

function memoryHarness(): ConformanceHarness {
  const world = new SimulatedWorld();
  return {
    capabilities,
    clock: world.clock,
    timers: world.timers,
    random: world.random,
    create: async () => memoryLog(),
    reopen: async (log) => {
      await log.close();
      await world.advance(1);
      return memoryLog();
    },
    advance: (durationMs) => world.advance(durationMs),
    drive: (work) => world.drive(work),
    settle: () => world.advance(10),
  };
}

describe("the memory log", () => {
  for (const { name, run } of conformanceCases.filter(({ needs }) => needs(capabilities))) {
    it(name, async () => {
      await expect(run(memoryHarness())).resolves.toBeUndefined();
    });
  }
});
