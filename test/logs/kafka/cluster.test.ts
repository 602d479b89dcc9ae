import { testCluster } from "../support/cluster-scenario.ts";
import { startKafka, withoutKafka } from "./kafka-server.ts";

testCluster({
  name: "Kafka",
  isInstalled: !withoutKafka,
  run: async () => {
    const { program } = await startKafka();
    return {
      log: `kafka://127.0.0.1:${program.port}/chat?partitions=2`,
      stop: () => program.stop(),
      start: () => program.start(),
      kill: () => program.kill(),
      remove: () => program.remove(),
    };
  },
});
