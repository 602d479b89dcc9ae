import { testCluster } from "../support/cluster-scenario.ts";
import { RabbitmqServer, rabbitmqServer } from "./rabbitmq-server.ts";

testCluster({
  name: "RabbitMQ",
  isInstalled: rabbitmqServer !== undefined,
  run: async () => {
    const server = await RabbitmqServer.start();
    const logThrough = (port: number): string => `rabbitmq-stream://guest:guest@127.0.0.1:${port}/?stream=cluster`;
    return {
      log: logThrough(server.port),
      proxied: { port: server.port, logThrough },
      stop: () => server.stop(),
      start: () => server.start(),
      kill: () => server.kill(),
      remove: () => server.remove(),
    };
  },
});
