import { defineConfig } from "vitest/config";

/** Unit tests read the sources, so that they need no build; end-to-end tests (`test/`) run what was built. */
const source = (name: string): string => new URL(`./packages/${name}/src/`, import.meta.url).pathname;

export default defineConfig({
  test: {
    projects: [
      {
        resolve: {
          alias: [
            {
              find: /^@hawser\/(protocol|client|log|log-kafka|log-lmdb|log-nats|log-rabbitmq|log-redis|log-server|server|gateway|console)$/,
              replacement: `${source("$1")}index.ts`,
            },
            { find: /^@hawser\/client\/node$/, replacement: `${source("client")}node/index.ts` },
            { find: /^@hawser\/(log)\/(broker|conformance|fake-broker)$/, replacement: `${source("$1")}$2/index.ts` },
            { find: /^@hawser\/(server|gateway)\/core$/, replacement: `${source("$1")}core.ts` },
          ],
        },
        test: {
          name: "unit",
          include: ["packages/*/test/**/*.test.ts", "sim/test/**/*.test.ts", "bench/test/**/*.test.ts"],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/**/*.test.ts"],
          exclude: ["test/logs/**", "test/load-balancers/**"],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        // Each starts programs that it works with: mostly they wait for them, so that `npm test` runs them beside the others.
        test: {
          name: "logs",
          include: ["test/logs/**/*.test.ts", "test/load-balancers/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
