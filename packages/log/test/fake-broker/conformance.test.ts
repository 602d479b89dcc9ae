import { describe, expect, it } from "vitest";
import { conformanceCases } from "@hawser/log/conformance";
import type { ConformanceCapabilities, ConformanceHarness } from "@hawser/log/conformance";
import { brokerLog, FakeBroker } from "@hawser/log/fake-broker";
import type { FakeBrokerConnection, FaultRates } from "@hawser/log/fake-broker";
import type { Log } from "@hawser/log";
import { SimulatedWorld } from "../support/simulated-world.ts";

const capabilities: ConformanceCapabilities = {
  ...brokerLog({ broker: { produce: async () => {}, fetch: async () => ({ records: [], start: 1, end: 0 }) } })
    .capabilities,
  reopens: true,
  controlsTime: true,
  trims: ["count", "bytes", "age"],
  maxPayloadBytes: 256 * 1024,
};

function brokerHarness(rates: Partial<FaultRates>): ConformanceHarness {
  const world = new SimulatedWorld();
  const { clock, timers, random } = world;
  let broker: FakeBroker | undefined;
  const connections = new Map<Log, FakeBrokerConnection>();
  const connect = (): Log => {
    broker ??= new FakeBroker({ clock, timers, random, rates });
    const connection = broker.connect();
    const log = brokerLog({ broker: connection, checkpointEvery: 50 });
    connections.set(log, connection);
    return log;
  };
  return {
    capabilities,
    clock,
    timers,
    random,
    create: async () => connect(),
    reopen: async (log, how) => {
      if (how === "crash") connections.get(log)?.disconnect();
      await world.drive(log.close());
      return connect();
    },
    advance: (durationMs) => world.advance(durationMs),
    drive: (work) => world.drive(work),
    settle: () => world.advance(10),
  };
}

describe.each([
  { title: "a log over a broker", rates: {} },
  { title: "a log over a broker with holes in its offsets", rates: { gap: 0.3 } },
])("$title", ({ rates }) => {
  for (const { name, run } of conformanceCases.filter(({ needs }) => needs(capabilities))) {
    it(name, async () => {
      await expect(run(brokerHarness(rates))).resolves.toBeUndefined();
    });
  }
});
