import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PinnedProcess } from "../processes/pinned-process.ts";
import { atMost } from "../result.ts";
import type { Benchmark } from "../result.ts";
import type { FillCommand, Filled } from "./messages.ts";

const channels = 1_000_000;
const core = 0;

/** What a million channels with one message of 100 bytes each take of the process that has the log. */
export const million: Benchmark = async (_seconds, log) => {
  const figures: Record<string, Record<string, number>> = {};
  for (const kind of ["memory", "embedded"] as const) {
    const filled = await fillOf(kind);
    log(`${kind} log: filled in ${filled.seconds.toFixed(1)} s`);
    figures[`${kind} log`] = {
      residentMiB: filled.residentBytes / 1024 ** 2,
      heapMiB: filled.heapBytes / 1024 ** 2,
      externalMiB: filled.externalBytes / 1024 ** 2,
      bytesPerChannel: filled.residentBytes / channels,
    };
  }
  const aims = Object.entries(figures).map(([name, { residentMiB }]) =>
    atMost(`resident MiB of a million channels, ${name}`, 1024, residentMiB!),
  );
  return { bench: "million", figures, ratios: {}, aims };
};

async function fillOf(kind: FillCommand["log"]): Promise<Filled> {
  const folder = mkdtempSync(join(tmpdir(), "hawser-million-"));
  const child = new PinnedProcess<FillCommand, Filled>("million/log-process.js", core);
  try {
    return await child.ask({ log: kind, folder: join(folder, "log"), channels });
  } finally {
    await child.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
