import { memoryLog } from "@hawser/log";
import { createServer, silentLogger } from "@hawser/server";
import { answer } from "../processes/child.ts";
import { channelName, channelsOfGroup, groups, missedEach } from "./messages.ts";
import type { StormServerCommand, StormServerReply } from "./messages.ts";

const server = createServer({
  log: memoryLog(),
  port: 0,
  host: "127.0.0.1",
  authenticate: async ({ token }) => ({ user: token }),
  origins: "any",
  logger: silentLogger,
  channels: [{ pattern: "room.**", durability: "memory" }],
  // All clients come from one address here.
  limits: { maxConnectionsPerAddress: 20_000 },
});
const text = "x".repeat(100);

answer<StormServerCommand, StormServerReply>(async ({ type }) => {
  if (type === "listen") {
    await server.listen();
    return { type: "listening", port: Number(new URL(server.url).port) };
  }
  if (type === "usage") return usage();
  for (let count = 0; count < missedEach; count += 1) {
    const published: Promise<unknown>[] = [];
    for (let group = 0; group < groups; group += 1) {
      for (let index = 0; index < channelsOfGroup; index += 1) {
        published.push(server.publish(channelName(group, index), text));
      }
    }
    await Promise.all(published);
  }
  return { type: "published" };
});

function usage(): StormServerReply {
  const { user, system } = process.cpuUsage();
  return { type: "usage", cpuMs: (user + system) / 1000 };
}
