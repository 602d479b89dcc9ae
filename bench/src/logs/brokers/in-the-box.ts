import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memoryLog } from "@hawser/log";
import { lmdbLog } from "@hawser/log-lmdb";
import type { LogEntry } from "../contender.ts";
import { hawserContender } from "../hawser-contender.ts";

/** No broker: one process, which forgets. */
export const memory: LogEntry = {
  name: "memory",
  start: async () => ({
    contenders: [await hawserContender("hawser, memory", () => memoryLog(), 1)],
    remove: async () => {},
  }),
};

/** No broker: one process, and its disk. */
export const embedded: LogEntry = {
  name: "lmdb",
  start: async () => {
    const path = await mkdtemp(join(tmpdir(), "hawser-logs-"));
    return {
      contenders: [await hawserContender("hawser, lmdb", () => lmdbLog({ path }), 1)],
      remove: () => rm(path, { recursive: true, force: true }),
    };
  },
};
