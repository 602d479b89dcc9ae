import { lmdbLog } from "@hawser/log-lmdb";
import { serveLog } from "@hawser/log-server";
import { defineConfig } from "hawser";

const log = lmdbLog({ path: "shared-log" });
// In the folder of the process. Until the node has opened the log, who asks is told that it is not available.
await serveLog({ log, socket: "log.sock" });

/** A node that owns a log, and serves it to others. */
const config = defineConfig({ log, origins: "any" });

export default config;
