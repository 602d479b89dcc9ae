import { describe, expect, it } from "vitest";
import { conformanceCases } from "@hawser/log/conformance";
import type { ConformanceCapabilities, ConformanceHarness } from "@hawser/log/conformance";
import { brokerLog } from "@hawser/log/broker";
import type { BrokerLogSettings } from "@hawser/log/broker";
import { FakeBroker, fakeSource } from "@hawser/log/fake-broker";
import type { FakeSource, FaultRates } from "@hawser/log/fake-broker";
import type { Log } from "@hawser/log";
import { smallSettings } from "../support/cluster.ts";
import { retried } from "../support/retried.ts";
import { SimulatedWorld } from "../support/simulated-world.ts";

const capabilities: ConformanceCapabilities = {
  ...brokerLog({ source: fakeSource() }).capabilities,
  reopens: true,
  controlsTime: true,
  trims: ["count", "bytes", "age"],
  maxPayloadBytes: 256 * 1024,
};

function brokerHarness(
  partitions: number,
  rates: Partial<FaultRates>,
  settings: BrokerLogSettings,
  seed = 1,
): ConformanceHarness {
  const world = new SimulatedWorld(seed);
  const { clock, timers, random } = world;
  const brokers = Array.from({ length: partitions }, () => new FakeBroker({ clock, timers, random, rates }));
  const sources = new Map<Log, FakeSource>();
  const connect = (): Log => {
    const source = fakeSource(...brokers);
    const log = retried(brokerLog({ source, ...settings }));
    sources.set(log, source);
    return log;
  };
  return {
    capabilities,
    clock,
    timers,
    random,
    create: async () => connect(),
    reopen: async (log, how) => {
      if (how === "crash") sources.get(log)?.disconnect();
      await world.drive(log.close());
      return connect();
    },
    advance: (durationMs) => world.advance(durationMs),
    drive: (work) => world.drive(work),
    settle: () => world.advance(10),
  };
}

/** Seeds with all faults; HAWSER_RUNS asks for more. */
const seeds = Number(process.env["HAWSER_RUNS"] ?? 3);

/** Each of them often enough that no case gets by without some. */
const allFaults: Partial<FaultRates> = {
  loseRequest: 0.05,
  loseReply: 0.1,
  lateReply: 0.2,
  lateAppend: 0.1,
  duplicate: 0.2,
  loseFetch: 0.05,
  gap: 0.1,
  outage: 0.01,
};

describe.each([
  { title: "a log over a broker", partitions: 1, rates: {}, settings: {}, trims: capabilities.trims },
  {
    title: "a log over three partitions with holes in their offsets",
    partitions: 3,
    rates: { gap: 0.3 },
    settings: { checkpointEvery: 50 },
    trims: capabilities.trims,
  },
  // Below the tail it trims block by block.
  {
    title: "a log that keeps little in memory",
    partitions: 1,
    rates: { gap: 0.1 },
    settings: smallSettings,
    trims: [],
  },
])("$title", ({ partitions, rates, settings, trims }) => {
  for (const { name, run } of conformanceCases.filter(({ needs }) => needs({ ...capabilities, trims }))) {
    it(name, async () => {
      await expect(run(brokerHarness(partitions, rates, settings))).resolves.toBeUndefined();
    });
  }
});

describe.each(Array.from({ length: seeds }, (_, index) => index + 1))(
  "a log over a broker that loses, doubles and delays, by seed %i,",
  (seed) => {
    // A broker that is away often is given longer; what is not known in the end would be an outcome, and no case expects it.
    const settings = { appendTimeoutMs: 120_000, readTimeoutMs: 120_000, maxRefused: 1_000_000 };
    const kinds = [
      { title: "", partitions: 2, settings, trims: capabilities.trims },
      // Below the tail it trims block by block.
      { title: ", with little in memory", partitions: 1, settings: { ...smallSettings, ...settings }, trims: [] },
    ];
    for (const { title, trims, partitions, settings: own } of kinds) {
      for (const { name, run } of conformanceCases.filter(({ needs }) => needs({ ...capabilities, trims }))) {
        it(`${name}${title}`, async () => {
          await expect(run(brokerHarness(partitions, allFaults, own, seed))).resolves.toBeUndefined();
        });
      }
    }
  },
);
