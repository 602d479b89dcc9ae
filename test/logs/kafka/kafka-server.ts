import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { setTimeout as pause } from "node:timers/promises";
import { Connection, metadataV12 } from "@platformatic/kafka";
import { selfSigned } from "../../support/self-signed.ts";
import { findProgram, freePort, Program } from "../support/start-program.ts";

const java = findProgram("java");
/** Where `scripts/ensure-kafka.mjs` puts them. */
const fetched = fileURLToPath(new URL("../../../.tmp/kafka-4.1.0", import.meta.url));
const jars = process.env["KAFKA_JARS"] ?? fetched;

/** Whether tests on Kafka cannot run: in CI they fail instead. */
export const withoutKafka = (java === undefined || !existsSync(jars)) && !process.env["CI"];

/** A name and password that the listeners of `saslPort` (PLAIN) and `tlsPort` (PLAIN and SCRAM) let in. */
export const user = { username: "ann", password: "secret-of-ann" } as const;

/** A Kafka of a test. */
export interface KafkaServer {
  readonly program: Program;
  /** Where a client has to say who it is. */
  readonly saslPort: number;
  /** The same over TLS, with the certificate of all tests. */
  readonly tlsPort: number;
}

/** A way to the broker for clients that come through a proxy, of which the broker tells them that it is there. */
export interface ProxiedListener {
  readonly port: number;
  readonly advertisedPort: number;
}

/** One node that is broker and controller. It is ready when it says that it leads the cluster that it is. */
export async function startKafka(proxied?: ProxiedListener): Promise<KafkaServer> {
  const [saslPort, tlsPort] = [await freePort(), await freePort()];
  const program = await startKafkaWith((place) => properties({ ...place, saslPort, tlsPort, proxied }));
  return { program, saslPort, tlsPort };
}

/** Starts one as {@link startKafka} does, with the properties that are given for its place. */
export async function startKafkaWith(propertiesOf: (place: KafkaPlace) => string): Promise<Program> {
  const controllerPort = await freePort();
  const classes = join(jars, "*");
  // The classes of a broker take longer to be compiled than it takes to do what a test asks of it.
  const options = [
    "-Xmx256m",
    "-Xms64m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Xshare:auto",
    "-cp",
    classes,
  ];
  return Program.start({
    file: java!,
    commandLine: ({ folder }) => [...options, "kafka.Kafka", join(folder, "server.properties")],
    files: {
      "server.properties": ({ folder, port }) => propertiesOf({ folder, port, controllerPort }),
      "tls.pem": `${selfSigned.key}\n${selfSigned.cert}\n`,
    },
    prepare: async ({ folder }) => {
      const credentials = [256, 512].flatMap((bits) => [
        "--add-scram",
        `SCRAM-SHA-${bits}=[name=${user.username},password=${user.password}]`,
      ]);
      const cluster = ["-t", "AAAAAAAAAAAAAAAAAAAAAQ", "-c", join(folder, "server.properties")];
      const format = ["format", ...cluster, ...credentials];
      const child = spawn(java!, [...options, "kafka.tools.StorageTool", ...format], { cwd: folder, stdio: "ignore" });
      const [code] = (await once(child, "exit")) as [number | null];
      if (code !== 0)
        throw new Error(`kafka.tools.StorageTool ended with ${code}; jars: ${(await readdir(jars)).length}`);
    },
    isReady,
  });
}

/** Where a broker is. */
export interface KafkaPlace {
  readonly folder: string;
  readonly port: number;
  readonly controllerPort: number;
}

interface Place extends KafkaPlace {
  readonly saslPort: number;
  readonly tlsPort: number;
  readonly proxied: ProxiedListener | undefined;
}

function properties({ folder, port, controllerPort, saslPort, tlsPort, proxied }: Place): string {
  const direct = `PLAINTEXT://127.0.0.1:${port},SASL_PLAINTEXT://127.0.0.1:${saslPort},SASL_SSL://127.0.0.1:${tlsPort}`;
  const throughProxy = (at: number | undefined): string => (at === undefined ? "" : `,PROXIED://127.0.0.1:${at}`);
  const login = (name: string): string => `org.apache.kafka.common.security.${name}LoginModule required`;
  return `
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controllerPort}
listeners=${direct}${throughProxy(proxied?.port)},CONTROLLER://127.0.0.1:${controllerPort}
advertised.listeners=${direct}${throughProxy(proxied?.advertisedPort)}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
sasl.enabled.mechanisms=PLAIN
listener.name.sasl_plaintext.plain.sasl.jaas.config=${login("plain.Plain")} user_${user.username}="${user.password}";
listener.name.sasl_ssl.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
listener.name.sasl_ssl.plain.sasl.jaas.config=${login("plain.Plain")} user_${user.username}="${user.password}";
listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config=${login("scram.Scram")};
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=${login("scram.Scram")};
listener.name.sasl_ssl.ssl.keystore.type=PEM
listener.name.sasl_ssl.ssl.keystore.location=${join(folder, "tls.pem")}
log.dirs=${join(folder, "data")}
num.network.threads=2
num.io.threads=2
num.recovery.threads.per.data.dir=1
background.threads=1
auto.create.topics.enable=false
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
group.initial.rebalance.delay.ms=0
log.cleaner.enable=false
log.retention.check.interval.ms=500
log.initial.task.delay.ms=500
initial.broker.registration.timeout.ms=20000
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
controller.quorum.election.timeout.ms=500
controller.quorum.fetch.timeout.ms=1000
`;
}

async function isReady(port: number): Promise<boolean> {
  const connection = new Connection("test");
  connection.on("error", () => {});
  try {
    await connection.connect("127.0.0.1", port);
    const { brokers } = await metadataV12.api.async(connection, [], false, false);
    if (brokers.length > 0) return true;
  } catch {
    // Not yet.
  } finally {
    await connection.close();
  }
  // To ask without a pause would take a core from the broker that boots.
  await pause(50);
  return false;
}
