import { testCluster } from "../support/cluster-scenario.ts";
import { natsServer, startNats } from "./nats-server.ts";

testCluster({
  name: "NATS JetStream",
  isInstalled: natsServer !== undefined,
  run: async () => {
    const program = await startNats();
    const logThrough = (port: number): string => `nats://127.0.0.1:${port}?stream=chat&partitions=2`;
    return {
      log: logThrough(program.port),
      proxied: { port: program.port, logThrough },
      stop: () => program.stop(),
      start: () => program.start(),
      kill: () => program.kill(),
      remove: () => program.remove(),
    };
  },
});
