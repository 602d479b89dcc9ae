import { lmdbLog } from "@hawser/log-lmdb";
import { remoteLog, serveLog } from "@hawser/log-server";
import { defineConfig } from "hawser";

/** A node with quick presence: the one that owns the log, and serves it, or one on the log that another serves. */
async function logOf(socket: string | undefined): Promise<ReturnType<typeof lmdbLog>> {
  if (socket !== undefined) return remoteLog({ socket });
  const log = lmdbLog({ path: "shared-log" });
  await serveLog({ log, socket: "log.sock" });
  return log;
}

const config = defineConfig({
  log: await logOf(process.env["LOG_SOCKET"]),
  origins: "any",
  channels: [{ pattern: "room.*", presence: { graceMs: 1_000 } }],
  limits: { presenceLeaseMs: 2_000 },
});

export default config;
