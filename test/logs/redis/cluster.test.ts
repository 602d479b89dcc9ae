import { testCluster } from "../support/cluster-scenario.ts";
import { redisServer, startRedis } from "./redis-server.ts";

testCluster({
  name: "Redis",
  isInstalled: redisServer !== undefined,
  run: async () => {
    const program = await startRedis("always");
    return {
      log: `redis://127.0.0.1:${program.port}`,
      proxied: { port: program.port, logThrough: (port) => `redis://127.0.0.1:${port}` },
      stop: () => program.stop(),
      start: () => program.start(),
      kill: () => program.kill(),
      remove: () => program.remove(),
    };
  },
});
