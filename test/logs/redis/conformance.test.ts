import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { conformanceCases } from "@hawser/log/conformance";
import type { ConformanceCapabilities, ConformanceHarness } from "@hawser/log/conformance";
import { redisLog } from "@hawser/log-redis";
import type { Durability, Log } from "@hawser/log";
import { systemPorts } from "@hawser/protocol";
import type { Program } from "../support/start-program.ts";
import { redisServer, startRedis } from "./redis-server.ts";

describe.skipIf(redisServer === undefined && !process.env["CI"])("the log in Redis", () => {
  let redis: Program;
  let logs = 0;
  beforeAll(async () => {
    redis = await startRedis("always");
  });
  afterAll(() => redis.remove());

  function harness(capabilities: ConformanceCapabilities): ConformanceHarness {
    logs += 1;
    const prefix = `kit${logs}`;
    const create = (): Log =>
      redisLog({ url: `redis://127.0.0.1:${redis.port}`, prefix, durabilities: capabilities.durabilities });
    const ports = systemPorts();
    return {
      ...ports,
      capabilities,
      create: async () => create(),
      reopen: async (log, how) => {
        if (how === "crash") {
          await redis.kill();
          await redis.start();
        }
        await log.close();
        return create();
      },
      drive: (work) => work,
      settle: () => new Promise((resolve) => void ports.timers.after(1, () => resolve())),
    };
  }

  for (const durability of ["memory", "flush"] as const satisfies Durability[]) {
    const capabilities: ConformanceCapabilities = {
      ...redisLog().capabilities,
      durabilities: [durability],
      reopens: durability === "flush",
      controlsTime: false,
      trims: ["count", "bytes"],
      maxPayloadBytes: 256 * 1024,
    };
    describe(`with durability ${durability}`, () => {
      for (const { name, run } of conformanceCases.filter(({ needs }) => needs(capabilities))) {
        it(name, async () => {
          await expect(run(harness(capabilities))).resolves.toBeUndefined();
        });
      }
    });
  }
});
