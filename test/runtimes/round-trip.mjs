// One end of a session, to be run by any runtime: `round-trip.mjs client URL` or `round-trip.mjs server`.
// The client publishes ten messages, cuts its connection in the middle, and reads all ten once, in order.
import { createClient, webSocketConnector } from "@hawser/client";

const count = 10;
/** Enough for a block to be compressed, for those whose WebSocket takes that. */
const filling = "hawser ".repeat(300);

async function client(url) {
  const connector = await connectorOf(url);
  const options = { url, token: "runner", backoff: { minMs: 10, maxMs: 50 }, ...(connector && { connector }) };
  const one = createClient(options);
  const channel = one.channel("runtimes");
  const subscription = channel.subscribe({ from: "now" });
  const read = (async () => {
    const values = [];
    for await (const { data } of subscription) {
      if (data.filling !== filling) throw new Error(`message ${data.value} is not what was published`);
      if (values.push(data.value) === count) return values;
    }
  })();
  await new Promise((resolve) => subscription.addEventListener("subscribed", resolve, { once: true }));
  for (let value = 0; value < count; value += 1) {
    await channel.publish({ value, filling });
    if (value === count / 2) one.reconnect();
  }
  const values = await read;
  const sum = await one.call("add", [2, 3]);
  const { resumes, lost } = one.statistics;
  await one.close();
  console.log(JSON.stringify({ values, sum, resumes, lost }));
}

async function connectorOf(url) {
  if (url.startsWith("tcp:")) return (await import("@hawser/client/node")).tcpConnector();
  // Node 20 has no WebSocket of its own.
  return globalThis.WebSocket === undefined
    ? webSocketConnector({ WebSocket: (await import("ws")).WebSocket })
    : undefined;
}

async function server() {
  const { memoryLog } = await import("@hawser/log");
  const { anonymous, createServer, silentLogger } = await import("@hawser/server");
  const made = createServer({
    port: 0,
    tcp: { port: 0 },
    log: memoryLog(),
    authenticate: anonymous({ allowNames: true }),
    compression: true,
    calls: { add: ([a, b]) => a + b },
    logger: silentLogger,
  });
  await made.listen();
  console.log(JSON.stringify({ url: made.url, tcpUrl: made.tcpUrl }));
}

const [role, url] = process.argv.slice(2);
await (role === "server" ? server() : client(url));
