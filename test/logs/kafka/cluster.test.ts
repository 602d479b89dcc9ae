import { testCluster } from "../support/cluster-scenario.ts";
import { freePort } from "../support/start-program.ts";
import { startKafka, withoutKafka } from "./kafka-server.ts";

testCluster({
  name: "Kafka",
  isInstalled: !withoutKafka,
  run: async () => {
    // A broker tells its clients where it is: those behind the proxy hear that it is there.
    const [port, advertisedPort] = [await freePort(), await freePort()];
    const { program } = await startKafka({ port, advertisedPort });
    const logThrough = (at: number): string => `kafka://127.0.0.1:${at}/chat?partitions=2`;
    return {
      log: logThrough(program.port),
      proxied: { port, listen: advertisedPort, logThrough },
      stop: () => program.stop(),
      start: () => program.start(),
      kill: () => program.kill(),
      remove: () => program.remove(),
    };
  },
});
