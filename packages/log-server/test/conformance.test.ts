import { once } from "node:events";
import { cp } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { conformanceCases } from "@hawser/log/conformance";
import type { ConformanceCapabilities, ConformanceHarness } from "@hawser/log/conformance";
import { memoryLog } from "@hawser/log";
import type { Log } from "@hawser/log";
import { lmdbLog } from "@hawser/log-lmdb";
import { SimulatedWorld } from "../../log/test/support/simulated-world.ts";
import { barrier } from "../../log-lmdb/test/support/barrier.ts";
import { SteppedWorld } from "../../log-lmdb/test/support/stepped-world.ts";
import { ServedLog } from "./support/served-log.ts";
import { SimulatedNetwork } from "./support/simulated-network.ts";
import { temporarySocket } from "./support/temporary-socket.ts";

const can = {
  reopens: true,
  controlsTime: true,
  trims: ["count", "bytes", "age"],
  maxPayloadBytes: 256 * 1024,
} as const;
const ofMemory: ConformanceCapabilities = { ...memoryLog().capabilities, ...can };
const ofEmbedded: ConformanceCapabilities = {
  ...lmdbLog({ path: "unused" }).capabilities,
  durabilities: ["commit"],
  ...can,
};

/** A memory log behind links in simulated time. */
function simulatedHarness(remotes: number): ConformanceHarness {
  const world = new SimulatedWorld();
  const create = (): Log => {
    const { listener, connector } = new SimulatedNetwork(world.timers);
    return new ServedLog(memoryLog(), { socket: "simulated", listener }, { connector }, remotes);
  };
  return {
    capabilities: ofMemory,
    clock: world.clock,
    timers: world.timers,
    random: world.random,
    create: async () => create(),
    reopen: async (log) => {
      await world.drive(log.close());
      await world.advance(1);
      return create();
    },
    advance: (durationMs) => world.advance(durationMs),
    drive: (work) => world.drive(work),
    settle: () => world.advance(10),
  };
}

/** A log behind real sockets, in time that a case lets pass. */
async function socketHarness(
  capabilities: ConformanceCapabilities,
  logAt: (path: string) => Log,
  tcp: boolean,
): Promise<ConformanceHarness> {
  const world = new SteppedWorld();
  const path = await temporarySocket();
  const socket = tcp ? await freePort() : path;
  const folder = (index: number): string => join(dirname(path), `${index}`);
  let index = 0;
  let log: ServedLog;
  const create = (): Log => {
    return (log = new ServedLog(logAt(folder(index)), { socket }, { socket }, 1));
  };
  const settle = (): Promise<void> => barrier(log);
  return {
    capabilities,
    clock: world.clock,
    timers: world.timers,
    random: world.random,
    create: async () => create(),
    reopen: async (former, how) => {
      if (how === "crash") await cp(folder(index), folder(index + 1), { recursive: true }).catch(() => {});
      await former.close();
      if (how === "crash") index += 1;
      await world.advance(1, async () => {});
      return create();
    },
    advance: (durationMs) => world.advance(durationMs, settle),
    drive: (work) => work,
    settle,
  };
}

describe.each([
  { title: "a served memory log", capabilities: ofMemory, harness: async () => simulatedHarness(1) },
  {
    title: "two remote logs, one of which appends and the other one reads and follows",
    capabilities: ofMemory,
    harness: async () => simulatedHarness(2),
  },
  {
    title: "a memory log behind a Unix domain socket",
    capabilities: ofMemory,
    harness: () => socketHarness(ofMemory, () => memoryLog(), false),
  },
  {
    title: "a memory log behind a port",
    capabilities: ofMemory,
    harness: () => socketHarness(ofMemory, () => memoryLog(), true),
  },
  {
    title: "an embedded log behind a Unix domain socket",
    capabilities: ofEmbedded,
    harness: () => socketHarness(ofEmbedded, (path) => lmdbLog({ path }), false),
  },
])("$title", ({ capabilities, harness }) => {
  for (const { name, run } of conformanceCases.filter(({ needs }) => needs(capabilities))) {
    it(name, async () => {
      await expect(run(await harness())).resolves.toBeUndefined();
    });
  }
});

/** A port that nobody listens on. */
async function freePort(): Promise<{ host: string; port: number }> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return { host: "127.0.0.1", port };
}
