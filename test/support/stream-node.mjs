// A node in a process of its own, so that it can live in another network: `stream-node.mjs NAME ADDRESS SOCKET`. The one
// named `a` owns the log and serves it at the socket, which networks do not part; it publishes a thousand messages a second.
import { memoryLog } from "@hawser/log";
import { remoteLog, serveLog } from "@hawser/log-server";
import { anonymous, createServer, silentLogger } from "@hawser/server";

const [name, host, socket] = process.argv.slice(2);
const owner = name === "a";
const capabilities = memoryLog().capabilities;
const log = owner ? memoryLog() : remoteLog({ socket, capabilities });
const server = createServer({
  name,
  log,
  port: 0,
  host,
  tcp: { port: 0 },
  authenticate: anonymous({ allowNames: true }),
  logger: silentLogger,
  channels: [{ pattern: "stream", retention: { count: 1_000_000 }, durability: "memory" }],
  // A partition is found after one without an answer.
  limits: { heartbeatMs: 500 },
});
if (owner) await serveLog({ log, socket });
await server.listen();
console.log(`listening ${server.url} ${server.tcpUrl}`);

if (owner) {
  const begun = performance.now();
  let published = 0;
  setInterval(() => {
    for (const due = performance.now() - begun; published < due; published += 1)
      void server.publish("stream", published);
  }, 1);
}
