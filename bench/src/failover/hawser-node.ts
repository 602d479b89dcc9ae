// One of the two nodes: the owner of the log, which publishes, or the one that borrows it.
import { memoryLog } from "@hawser/log";
import { remoteLog, serveLog } from "@hawser/log-server";
import { anonymous, createServer, silentLogger } from "@hawser/server";
import { serveStream } from "./stream.ts";

serveStream(async ({ socket, owner }) => {
  const log = owner ? memoryLog() : remoteLog({ socket, capabilities: memoryLog().capabilities });
  const server = createServer({
    log,
    port: 0,
    host: "127.0.0.1",
    authenticate: anonymous({ allowNames: true }),
    origins: "any",
    logger: silentLogger,
    channels: [{ pattern: "bench", durability: "memory" }],
  });
  if (owner) await serveLog({ log, socket });
  await server.listen();
  return {
    port: Number(new URL(server.url).port),
    publish: (text) => {
      server.publish("bench", text).catch((error: unknown) => {
        throw error;
      });
    },
  };
});
