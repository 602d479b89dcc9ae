// Hawser with its embedded log, and a channel that holds 1,000,000 messages before anybody comes.
import { lmdbLog } from "@hawser/log-lmdb";
import { anonymous, createServer, silentLogger } from "@hawser/server";
import { serve } from "../servers/serve.ts";
import { channel, dataFolderOf, messages, payloadBytes } from "./scene.ts";

const publishedAtOnce = 5_000;

serve(async () => {
  const server = createServer({
    log: lmdbLog({ path: dataFolderOf(process.ppid) }),
    port: 0,
    host: "127.0.0.1",
    authenticate: anonymous(),
    origins: "any",
    logger: silentLogger,
    channels: [{ pattern: "bench.*", retention: { count: 2 * messages, bytes: 2 ** 30 } }],
    limits: { maxRequests: 65_536, framesPerSecond: 1_000_000 },
  });
  await server.listen();
  const text = "x".repeat(payloadBytes);
  for (let left = messages; left > 0; left -= publishedAtOnce) {
    await Promise.all(Array.from({ length: publishedAtOnce }, () => server.publish(channel, text)));
  }
  return Number(new URL(server.url).port);
});
