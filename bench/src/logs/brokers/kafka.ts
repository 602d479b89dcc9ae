import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { kafkaLog } from "@hawser/log-kafka";
import { Admin, Connection, Consumer, metadataV12, Producer } from "@platformatic/kafka";
import type { MessagesStream } from "@platformatic/kafka";
import { findProgram, freePort, startProgram } from "../broker-program.ts";
import { channelCount, followedChannel, payload } from "../contender.ts";
import type { Contender, LogEntry } from "../contender.ts";
import { hawserContender } from "../hawser-contender.ts";

/** Where `scripts/ensure-kafka.mjs` puts them. */
const fetched = fileURLToPath(new URL("../../../../.tmp/kafka-4.1.0", import.meta.url));

/** Apache Kafka: one node that is broker and controller, one partition, `acks=all`. */
export const kafka: LogEntry = {
  name: "kafka",
  start: async () => {
    const java = findProgram("java");
    const jars = process.env["KAFKA_JARS"] ?? fetched;
    if (java === undefined || !existsSync(jars)) return { missing: "no Kafka is on this machine" };
    const controllerPort = await freePort();
    const program = await startProgram(
      "/bin/sh",
      (port, folder) => {
        const file = join(folder, "server.properties");
        writeFileSync(file, properties(port, controllerPort, folder));
        const run = `"${java}" -Xmx512m -XX:+UseSerialGC -cp "${jars}/*"`;
        const format = `${run} kafka.tools.StorageTool format -t AAAAAAAAAAAAAAAAAAAAAQ -c "${file}"`;
        return ["-c", `${format} && exec ${run} kafka.Kafka "${file}"`];
      },
      isReady,
    );
    const brokers = [`127.0.0.1:${program.port}`];
    const hawser = await hawserContender("hawser, kafka", () => kafkaLog({ brokers }));
    return { contenders: [hawser, await bare(brokers)], remove: () => program.remove() };
  },
};

/** One request for all that is appended at once, as the log makes of it; a consumer in a group of its own for each reader. */
async function bare(bootstrapBrokers: string[]): Promise<Contender> {
  const admin = new Admin({ clientId: "bare", bootstrapBrokers });
  await admin.createTopics({ topics: ["bare"], partitions: 1, replicas: 1 });
  await admin.close();
  const producer = new Producer({ clientId: "bare", bootstrapBrokers, acks: -1 });
  const value = Buffer.from(payload);
  const consumers: Consumer[] = [];
  const streams: MessagesStream<Buffer, Buffer, Buffer, Buffer>[] = [];
  let turn = 0;
  const send = async (channel: string, count: number): Promise<void> => {
    const message = { topic: "bare", partition: 0, key: Buffer.from(channel), value };
    await producer.send({ messages: Array.from({ length: count }, () => message) });
  };
  return {
    name: "kafka",
    append: (count) => {
      turn = (turn + 1) % channelCount;
      return send(`channel.${turn}`, count);
    },
    appendFollowed: () => send(followedChannel, 1),
    follow: async (onMessage) => {
      const groupId = `bare-${consumers.length}`;
      const consumer = new Consumer({ clientId: "bare", groupId, bootstrapBrokers, maxWaitTime: 500, minBytes: 1 });
      consumers.push(consumer);
      const stream = await consumer.consume({ topics: ["bare"], mode: "latest", autocommit: false });
      streams.push(stream);
      stream.on("data", ({ key }: { readonly key: Buffer }) => {
        if (key.toString() === followedChannel) onMessage();
      });
    },
    close: async () => {
      await Promise.all(streams.map((stream) => stream.close()));
      await Promise.all(consumers.map((consumer) => consumer.close()));
      await producer.close();
    },
  };
}

function properties(port: number, controllerPort: number, folder: string): string {
  return `
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controllerPort}
listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}
advertised.listeners=PLAINTEXT://127.0.0.1:${port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs=${join(folder, "data")}
auto.create.topics.enable=false
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
group.initial.rebalance.delay.ms=0
`;
}

async function isReady(port: number): Promise<boolean> {
  const connection = new Connection("bench");
  connection.on("error", () => {});
  try {
    await connection.connect("127.0.0.1", port);
    return (await metadataV12.api.async(connection, [], false, false)).brokers.length > 0;
  } catch {
    return false;
  } finally {
    await connection.close();
  }
}
