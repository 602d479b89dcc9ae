// A process that owns an embedded log and serves it, for tests that kill it. It runs what was built, not the sources.
import { systemPorts } from "@hawser/protocol";
import { lmdbLog } from "@hawser/log-lmdb";
import { serveLog } from "@hawser/log-server";

const { path, socket, limits } = JSON.parse(process.argv[2]);
const log = lmdbLog({ path });
const policy = {
  durability: "commit",
  retainCount: 1_000_000,
  retainBytes: 1e12,
  retainAgeMs: 1e12,
  deduplicateMs: 1e12,
};
await log.open({ policyOf: () => policy, ...systemPorts() });
await serveLog({ log, socket, limits });

/**
 * Asked how much memory it holds outside of V8's heap. A collection leaves the buffers that it found dead to a thread,
 * which frees them later, and until then they count (16 MiB, after 50 MB of appends); the next collection waits for it.
 */
process.on("message", () => {
  setImmediate(() => {
    globalThis.gc();
    globalThis.gc();
    process.send({ kind: "memory", bytes: process.memoryUsage().arrayBuffers });
  });
});
process.send({ kind: "listening" });
