import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { kafkaLog } from "@hawser/log-kafka";
import { Connection, metadataV12 } from "@platformatic/kafka";
import { expectLeaderMayDie } from "../support/killed-leader.ts";
import { freePort } from "../support/start-program.ts";
import type { Program } from "../support/start-program.ts";
import { startKafkaWith, withoutKafka } from "./kafka-server.ts";

describe.skipIf(withoutKafka)("a topic with three replicas on three brokers", () => {
  let brokers: readonly Program[];

  beforeAll(async () => {
    const controllers = [await freePort(), await freePort(), await freePort()];
    const voters = controllers.map((port, index) => `${index + 1}@127.0.0.1:${port}`).join(",");
    const started = controllers.map((controller, index) =>
      startKafkaWith(({ folder, port }) => properties(index + 1, voters, folder, port, controller)),
    );
    brokers = await Promise.all(started);
  });
  afterAll(() => Promise.all((brokers ?? []).map((broker) => broker.remove())));

  function addresses(): string[] {
    return brokers.map(({ port }) => `127.0.0.1:${port}`);
  }

  async function leader(): Promise<Program> {
    const connection = new Connection("test");
    try {
      await connection.connect("127.0.0.1", brokers[0]!.port);
      const { topics } = await metadataV12.api.async(connection, ["hawser"], false, false);
      return brokers[topics[0]!.partitions[0]!.leaderId - 1]!;
    } finally {
      await connection.close();
    }
  }

  it("loses nothing that it acknowledged, and keeps its order, when its leader is killed under those who publish", async () => {
    const options = { brokers: addresses(), replicationFactor: 3, minInSyncReplicas: 2, requestTimeoutMs: 4_000 };
    await expectLeaderMayDie({ log: () => kafkaLog(options), leader });
  });
});

function properties(id: number, voters: string, folder: string, port: number, controller: number): string {
  return `
process.roles=broker,controller
node.id=${id}
controller.quorum.voters=${voters}
listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}
advertised.listeners=PLAINTEXT://127.0.0.1:${port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
log.dirs=${join(folder, "data")}
num.network.threads=1
num.io.threads=2
background.threads=1
log.cleaner.enable=false
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
`;
}
