import { cp } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { conformanceCases } from "@hawser/log/conformance";
import type { ConformanceCapabilities, ConformanceHarness } from "@hawser/log/conformance";
import { lmdbLog } from "@hawser/log-lmdb";
import type { Durability, Log } from "@hawser/log";
import { barrier } from "./support/barrier.ts";
import { SteppedWorld } from "./support/stepped-world.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

async function lmdbHarness(capabilities: ConformanceCapabilities): Promise<ConformanceHarness> {
  const world = new SteppedWorld();
  const root = await temporaryFolder();
  let folder = 0;
  let log: Log;
  const create = (): Log => (log = lmdbLog({ path: join(root, `${folder}`) }));
  return {
    capabilities,
    clock: world.clock,
    timers: world.timers,
    random: world.random,
    create: async () => create(),
    reopen: async (former, how) => {
      // A process that is killed leaves what the kernel has of its files: a copy taken while they are open.
      if (how === "crash") await cp(join(root, `${folder}`), join(root, `${folder + 1}`), { recursive: true });
      await former.close();
      if (how === "crash") folder += 1;
      await world.advance(1, async () => {});
      return create();
    },
    advance: (durationMs) => world.advance(durationMs, () => barrier(log)),
    drive: (work) => work,
    settle: () => barrier(log),
  };
}

for (const durability of ["commit", "flush", "memory"] as const satisfies Durability[]) {
  const capabilities: ConformanceCapabilities = {
    ...lmdbLog({ path: "unused" }).capabilities,
    durabilities: [durability],
    reopens: true,
    controlsTime: true,
    trims: ["count", "bytes", "age"],
    maxPayloadBytes: 256 * 1024,
  };

  describe(`the embedded log with durability ${durability}`, () => {
    for (const { name, run } of conformanceCases.filter(({ needs }) => needs(capabilities))) {
      it(name, async () => {
        await expect(run(await lmdbHarness(capabilities))).resolves.toBeUndefined();
      });
    }
  });
}
