import { defineConfig } from "hawser";

const MiB = 1024 * 1024;

/** The log holds everything that the tests of stalled subscribers publish. Times can be set from outside. */
const config = defineConfig({
  origins: "any",
  channels: [{ pattern: "stall.*", retention: { count: 1_000_000, bytes: 1024 * MiB }, maxPayloadBytes: 256 * 1024 }],
  limits: { heartbeatMs: Number(process.env["HEARTBEAT_MS"] ?? 600_000) },
});

export default config;
