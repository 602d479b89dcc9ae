// A server that says, when it is asked, how many objects of each kind live in its process: `counted-node.mjs`. What is garbage
// does not count, since counting collects first.
import { IncomingMessage } from "node:http";
import { queryObjects } from "node:v8";
import { memoryLog } from "@hawser/log";
import { anonymous, createServer, silentLogger } from "@hawser/server";

const server = createServer({
  log: memoryLog(),
  port: 0,
  host: "127.0.0.1",
  authenticate: anonymous(),
  logger: silentLogger,
  channels: [{ pattern: "**", durability: "memory" }],
  // Such that every connection is asked for a sign of life, and what it needed for that is let go of again.
  limits: { heartbeatMs: 2_000 },
});
await server.listen();

const kinds = { Array, Function, IncomingMessage, Map, Promise };
process.on("message", () => {
  const counts = Object.fromEntries(
    Object.entries(kinds).map(([name, kind]) => [name, queryObjects(kind, { format: "count" })]),
  );
  process.send({ counts, heapBytes: process.memoryUsage().heapUsed });
});
process.on("disconnect", () => process.exit());
process.send({ url: server.url });
