import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { conformanceCases } from "@hawser/log/conformance";
import type { ConformanceCapabilities, ConformanceHarness } from "@hawser/log/conformance";
import { natsLog } from "@hawser/log-nats";
import type { Log } from "@hawser/log";
import { systemPorts } from "@hawser/protocol";
import type { Program } from "../support/start-program.ts";
import { startNats, withoutNats } from "./nats-server.ts";

describe.skipIf(withoutNats)("the log in NATS JetStream", () => {
  let nats: Program;
  let logs = 0;
  beforeAll(async () => {
    nats = await startNats();
  });
  afterAll(() => nats.remove());

  function harness(capabilities: ConformanceCapabilities): ConformanceHarness {
    logs += 1;
    const stream = `kit${logs}`;
    const ports = systemPorts();
    const create = async (): Promise<Log> => natsLog({ servers: `127.0.0.1:${nats.port}`, stream, partitions: 2 });
    return {
      ...ports,
      capabilities,
      create,
      reopen: async (log, how) => {
        if (how === "crash") {
          await nats.kill();
          await nats.start();
        }
        await log.close();
        return create();
      },
      drive: (work) => work,
      settle: () => new Promise((resolve) => void ports.timers.after(1, () => resolve())),
    };
  }

  const capabilities: ConformanceCapabilities = {
    ...natsLog().capabilities,
    reopens: true,
    controlsTime: false,
    trims: ["count", "bytes"],
    maxPayloadBytes: 256 * 1024,
  };
  for (const { name, run } of conformanceCases.filter(({ needs }) => needs(capabilities))) {
    it(name, async () => {
      await expect(run(harness(capabilities))).resolves.toBeUndefined();
    });
  }
});
