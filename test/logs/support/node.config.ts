import { defineConfig } from "hawser";

/** A node that soon notices another one, and its end. */
const config = defineConfig({
  limits: { clusterBeatMs: 500, clusterJitterMs: 100, clusterTimeoutMs: 5_000 },
});

export default config;
