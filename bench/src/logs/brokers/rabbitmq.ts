import { setTimeout as pause } from "node:timers/promises";
import { rabbitmqLog } from "@hawser/log-rabbitmq";
import { connect } from "amqplib";
import { findProgram, freePort, isExecutable, startProgram } from "../broker-program.ts";
import { channelCount, followedChannel, payload } from "../contender.ts";
import type { Contender, LogEntry } from "../contender.ts";
import { hawserContender } from "../hawser-contender.ts";

/** RabbitMQ's own scripts: what Debian has on the path starts it as another user. */
const scripts = ["/usr/lib/rabbitmq/bin/rabbitmq-server", "/opt/rabbitmq/sbin/rabbitmq-server"];

/** RabbitMQ: one broker, one stream in files, which it does not sync. */
export const rabbitmq: LogEntry = {
  name: "rabbitmq",
  start: async () => {
    const [script, env, epmd] = [scripts.find(isExecutable), findProgram("env"), findProgram("epmd")];
    if (script === undefined || env === undefined || epmd === undefined)
      return { missing: "no rabbitmq-server is on this machine" };
    const distributionPort = await freePort();
    const register = await startProgram(
      epmd,
      (port) => ["-port", `${port}`, "-address", "127.0.0.1"],
      async () => true,
    );
    const program = await startProgram(
      env,
      (port, folder) => [...settings(port, folder, register.port, distributionPort), script],
      letsIn,
    );
    const remove = async (): Promise<void> => {
      await program.remove();
      await register.remove();
    };
    const url = `amqp://guest:guest@127.0.0.1:${program.port}`;
    const hawser = await hawserContender("hawser, rabbitmq", () => rabbitmqLog({ url }));
    return { contenders: [hawser, await bare(url)], remove };
  },
};

/** Publishes with confirms, all under way at once; a consumer of the stream for each reader. */
async function bare(url: string): Promise<Contender> {
  // As the log does: by Nagle's algorithm, amqplib's default, a lone confirm takes 40 ms.
  const [writing, reading] = [await connect(url, { noDelay: true }), await connect(url, { noDelay: true })];
  const channel = await writing.createConfirmChannel();
  const streams = [...Array.from({ length: channelCount }, (_, index) => `channel.${index}`), followedChannel];
  for (const stream of streams) await channel.assertQueue(stream, { arguments: { "x-queue-type": "stream" } });
  const content = Buffer.from(payload);
  const publish = (stream: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const settle = (error: Error | null): void => (error === null ? resolve() : reject(error));
      channel.sendToQueue(stream, content, { persistent: true }, settle);
    });
  let turn = 0;
  return {
    name: "rabbitmq",
    append: async (count) => {
      turn = (turn + 1) % channelCount;
      await Promise.all(Array.from({ length: count }, () => publish(`channel.${turn}`)));
    },
    appendFollowed: () => publish(followedChannel),
    follow: async (onMessage) => {
      const consumer = await reading.createChannel();
      await consumer.prefetch(1_000);
      const take = (message: Parameters<typeof consumer.ack>[0] | null): void => {
        if (message === null) return;
        onMessage();
        consumer.ack(message);
      };
      await consumer.consume(followedChannel, take, { arguments: { "x-stream-offset": "next" } });
    },
    close: async () => {
      await writing.close();
      await reading.close();
    },
  };
}

/** No file of the machine's is read, nor is one written outside the folder; nobody listens but on the loopback interface. */
function settings(port: number, folder: string, epmdPort: number, distributionPort: number): readonly string[] {
  const values = {
    HOME: folder,
    ERL_EPMD_PORT: epmdPort,
    ERL_EPMD_ADDRESS: "127.0.0.1",
    RABBITMQ_NODENAME: "bench@localhost",
    RABBITMQ_NODE_IP_ADDRESS: "127.0.0.1",
    RABBITMQ_NODE_PORT: port,
    RABBITMQ_DIST_PORT: distributionPort,
    RABBITMQ_CONFIG_FILE: `${folder}/rabbitmq.conf`,
    RABBITMQ_CONF_ENV_FILE: `${folder}/rabbitmq-env.conf`,
    RABBITMQ_ENABLED_PLUGINS_FILE: `${folder}/enabled_plugins`,
    RABBITMQ_MNESIA_BASE: `${folder}/mnesia`,
    RABBITMQ_LOG_BASE: `${folder}/log`,
    RABBITMQ_LOGS: "-",
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS:
      "-kernel inet_dist_use_interface {127,0,0,1} -rabbit disk_free_limit 50000000 +sbwt none +sbwtdcpu none +sbwtdio none",
    // Without a shell around it, so that a signal reaches the broker itself.
    RUNNING_UNDER_SYSTEMD: "true",
  };
  return Object.entries(values).map(([name, value]) => `${name}=${value}`);
}

async function letsIn(port: number): Promise<boolean> {
  try {
    await (await connect(`amqp://guest:guest@127.0.0.1:${port}`)).close();
    return true;
  } catch {
    // To ask without a pause would take a core from the broker that boots.
    await pause(100);
    return false;
  }
}
