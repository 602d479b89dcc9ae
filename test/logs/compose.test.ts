import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { kafkaLogAsSet } from "@hawser/log-kafka";
import { natsLog, natsOptionsOf } from "@hawser/log-nats";
import { rabbitmqLog } from "@hawser/log-rabbitmq";
import { redisLogAsSet } from "@hawser/log-redis";
import { systemPorts } from "@hawser/protocol";
import { parse } from "yaml";
import { startKafkaWith, withoutKafka } from "./kafka/kafka-server.ts";
import { redisServer } from "./redis/redis-server.ts";
import { Program } from "./support/start-program.ts";

interface Service {
  readonly image: string;
  readonly profiles: readonly string[];
  readonly command?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports: readonly string[];
  readonly volumes: readonly string[];
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly configs: Readonly<Record<string, { readonly content: string }>>;
  readonly volumes: Readonly<Record<string, null>>;
}

/** The file for people: what is set in it is what the logs ask for. No docker is needed here. */
describe("compose.yaml", () => {
  let text: string;
  let compose: Compose;

  beforeAll(async () => {
    text = await readFile(new URL("../../compose.yaml", import.meta.url), "utf8");
    compose = parse(text) as Compose;
  });

  it("has every broker, of a version that its log takes, behind a profile, on the loopback interface, on a volume", () => {
    const versions = Object.values(compose.services).map(({ image }) => image);
    // Redis 7, NATS 2.10 for `sync_interval`, Kafka 3.1, RabbitMQ 3.9.
    expect(versions).toEqual(["redis:8", "nats:2.12", "apache/kafka:4.1.0", "rabbitmq:4"]);
    for (const [name, { profiles, ports, volumes }] of Object.entries(compose.services)) {
      expect(profiles).toEqual([name]);
      expect(ports.every((port) => port.startsWith("127.0.0.1:"))).toBe(true);
      expect(volumes.map((volume) => volume.split(":")[0])).toEqual([name]);
    }
    expect(Object.keys(compose.volumes)).toEqual(Object.keys(compose.services));
  });

  it("names addresses that the logs take, with the ports that are open", () => {
    const addresses = [...text.matchAll(/hawser serve --log "?([^\s"]+)/g)].map(([, address]) => new URL(address!));
    expect(addresses.map(({ protocol }) => protocol)).toEqual(["redis:", "nats:", "kafka:", "amqp:"]);
    for (const { protocol, port } of addresses) {
      const { ports } = compose.services[protocol === "amqp:" ? "rabbitmq" : protocol.slice(0, -1)]!;
      expect(ports).toContain(`127.0.0.1:${port}:${port}`);
    }
    const nats = natsOptionsOf(addresses[1]!.href);
    expect(natsLog(nats).capabilities.durabilities).toContain("flush");
    expect(nats.flush).toEqual({ monitoring: ["http://127.0.0.1:8222"] });
    expect(rabbitmqLog({ url: addresses[3]!.href }).capabilities.durabilities).toContain("commit");
  });

  it("has NATS write to the disk before it acknowledges, and say so", () => {
    const { content } = compose.configs["nats"]!;
    expect(content).toMatch(/jetstream \{[^}]*store_dir: \/data\s+sync_interval: always\s+\}/);
    expect(content).toMatch(/^http: 8222$/m);
    expect(compose.services["nats"]!.volumes).toEqual(["nats:/data"]);
  });

  it.skipIf(redisServer === undefined && !process.env["CI"])(
    "has Redis keep everything that may be asked for",
    async () => {
      const [, ...settings] = compose.services["redis"]!.command!.split(" ");
      const program = await Program.start({
        file: redisServer!,
        commandLine: ({ folder, port }) => ["--bind", "127.0.0.1", "--port", `${port}`, "--dir", folder, ...settings],
      });
      onTestFinished(() => program.remove());
      const log = await redisLogAsSet({ url: `redis://127.0.0.1:${program.port}` });
      expect(log.capabilities.durabilities).toEqual(["memory", "commit", "flush"]);
    },
  );

  it.skipIf(withoutKafka)("has Kafka keep everything that may be asked for", async () => {
    const { environment } = compose.services["kafka"]!;
    // As the image does: `KAFKA_LOG_DIRS` is `log.dirs`.
    const settings = Object.entries(environment!).map(
      ([name, value]) => `${name.slice("KAFKA_".length).toLowerCase().replaceAll("_", ".")}=${value}`,
    );
    const program = await startKafkaWith(({ folder, port, controllerPort }) =>
      settings
        .join("\n")
        .replaceAll("/var/lib/kafka/data", `${folder}/data`)
        .replaceAll("://:", "://127.0.0.1:")
        .replaceAll(/\b9092\b/g, `${port}`)
        .replaceAll(/\b9093\b/g, `${controllerPort}`),
    );
    onTestFinished(() => program.remove());
    const log = await kafkaLogAsSet({ url: `kafka://127.0.0.1:${program.port}/hawser` });
    expect(log.capabilities.durabilities).toEqual(["memory", "commit", "flush"]);
    await log.open({
      ...systemPorts(),
      policyOf: () => ({ durability: "flush", retainCount: 1, retainBytes: 1, retainAgeMs: 1e9, deduplicateMs: 1e9 }),
    });
    await log.close();
  });
});
