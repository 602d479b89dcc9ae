import { defineConfig } from "hawser";

/** A node that notices soon when another is gone, but whose leases in presence last long. */
const config = defineConfig({
  channels: [{ pattern: "room.*", presence: { graceMs: 60_000 } }],
  limits: { clusterBeatMs: 200, clusterJitterMs: 50, clusterTimeoutMs: 1_000, presenceLeaseMs: 90_000 },
});

export default config;
