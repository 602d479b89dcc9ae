import { natsLog } from "@hawser/log-nats";
import { AckPolicy, DeliverPolicy, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { findProgram, startProgram } from "../broker-program.ts";
import { channelCount, followedChannel, payload } from "../contender.ts";
import type { Contender, LogEntry } from "../contender.ts";
import { hawserContender } from "../hawser-contender.ts";

/** NATS JetStream: one server, one stream in a file, which it syncs every two minutes. */
export const nats: LogEntry = {
  name: "nats",
  start: async () => {
    const file = process.env["NATS_SERVER"] ?? findProgram("nats-server");
    if (file === undefined) return { missing: "no nats-server is on this machine" };
    const program = await startProgram(
      file,
      (port, folder) => ["--addr", "127.0.0.1", "--port", `${port}`, "--jetstream", "--store_dir", folder],
      hasJetStream,
    );
    const servers = `127.0.0.1:${program.port}`;
    const hawser = await hawserContender("hawser, nats", () => natsLog({ servers }));
    return { contenders: [hawser, await bare(servers)], remove: () => program.remove() };
  },
};

/** Publishes with acknowledgements, all under way at once; a consumer for each reader. */
async function bare(servers: string): Promise<Contender> {
  const [writing, reading] = [await connect({ servers }), await connect({ servers })];
  const manager = await jetstreamManager(reading);
  await manager.streams.add({ name: "bare", subjects: ["bare.>"] });
  const client = jetstream(writing);
  const publish = (channel: string) => client.publish(`bare.${channel}`, payload);
  let turn = 0;
  return {
    name: "nats",
    append: async (count) => {
      turn = (turn + 1) % channelCount;
      await Promise.all(Array.from({ length: count }, () => publish(`channel.${turn}`)));
    },
    appendFollowed: async () => {
      await publish(followedChannel);
    },
    follow: async (onMessage) => {
      const { name } = await manager.consumers.add("bare", {
        filter_subject: `bare.${followedChannel}`,
        deliver_policy: DeliverPolicy.New,
        ack_policy: AckPolicy.None,
        mem_storage: true,
      });
      const consumer = await jetstream(reading).consumers.get("bare", name);
      await consumer.consume({ max_messages: 256, callback: onMessage });
    },
    close: async () => {
      await writing.close();
      await reading.close();
    },
  };
}

async function hasJetStream(port: number): Promise<boolean> {
  try {
    const connection = await connect({ port, reconnect: false });
    try {
      await (await jetstreamManager(connection)).getAccountInfo();
      return true;
    } finally {
      await connection.close();
    }
  } catch {
    return false;
  }
}
