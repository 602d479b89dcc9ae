import { connect } from "node:net";
import { redisLog } from "@hawser/log-redis";
import { createClient } from "@redis/client";
import { findProgram, startProgram } from "../broker-program.ts";
import { channelCount, followedChannel, payload } from "../contender.ts";
import type { Contender, LogEntry } from "../contender.ts";
import { hawserContender } from "../hawser-contender.ts";

/** Redis or Valkey: one server with an append-only file, which it syncs every second. */
export const redis: LogEntry = {
  name: "redis",
  start: async () => {
    const file = findProgram("redis-server", "valkey-server");
    if (file === undefined) return { missing: "no redis-server is on this machine" };
    const program = await startProgram(
      file,
      (port, folder) => [
        ...["--bind", "127.0.0.1", "--port", `${port}`, "--dir", folder, "--save", ""],
        ...["--appendonly", "yes", "--appendfsync", "everysec"],
      ],
      answersPing,
    );
    const url = `redis://127.0.0.1:${program.port}`;
    const hawser = await hawserContender("hawser, redis", () => redisLog({ url }));
    return { contenders: [hawser, await bare(url)], remove: () => program.remove() };
  },
};

/** `XADD`, all under way at once and so sent together; a blocking `XREAD` for each reader, on a connection of its own. */
async function bare(url: string): Promise<Contender> {
  const writing = await createClient({ url, RESP: 2 }).connect();
  const readers: { destroy(): void }[] = [];
  const value = Buffer.from(payload);
  const add = (channel: string) =>
    writing.sendCommand(["XADD", channel, "MAXLEN", "~", "1000", "*", "value", value.toString("latin1")]);
  let turn = 0;
  return {
    name: "redis",
    append: async (count) => {
      turn = (turn + 1) % channelCount;
      await Promise.all(Array.from({ length: count }, () => add(`channel.${turn}`)));
    },
    appendFollowed: async () => {
      await add(followedChannel);
    },
    follow: async (onMessage) => {
      const reader = await createClient({ url, RESP: 2 }).connect();
      readers.push(reader);
      let last = lastOf(await reader.sendCommand(["XREVRANGE", followedChannel, "+", "-", "COUNT", "1"]));
      const read = async (): Promise<void> => {
        for (;;) {
          const reply = await reader.sendCommand(["XREAD", "BLOCK", "0", "STREAMS", followedChannel, last]);
          const [[, entries]] = reply as unknown as [[string, [string, string[]][]]];
          last = entries.at(-1)![0];
          for (const _ of entries) onMessage();
        }
      };
      void read().catch(() => {});
    },
    close: async () => {
      for (const reader of readers) reader.destroy();
      writing.destroy();
    },
  };
}

function lastOf(reply: unknown): string {
  const entries = reply as [string, unknown][];
  return entries[0]?.[0] ?? "0-0";
}

function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" }, () => socket.write("PING\r\n"));
    const settle = (ready: boolean): void => {
      socket.destroy();
      resolve(ready);
    };
    socket.once("data", (chunk) => settle(chunk.toString().startsWith("+PONG")));
    socket.once("error", () => settle(false));
  });
}
