// A subscriber in a process of its own, so that it can live in another network: `stream-client.mjs CONNECTIONS URL...`.
// Each message is a line `message N`; what else it is told, too.
import { createClient, webSocketConnector } from "@hawser/client";
import { tcpConnector } from "@hawser/client/node";
import { WebSocket } from "ws";

const [connections, ...url] = process.argv.slice(2);
const client = createClient({
  url,
  connections: Number(connections),
  token: "subscriber",
  connector: url[0].startsWith("ws") ? webSocketConnector({ WebSocket }) : tcpConnector(),
  backoff: { minMs: 20, maxMs: 200 },
  connectTimeoutMs: 1_000,
});
const subscription = client.channel("stream").subscribe({ from: "earliest" });
subscription.addEventListener("message", ({ message }) => console.log(`message ${String(message.data)}`));
subscription.addEventListener("lost", () => console.log("lost"));
subscription.addEventListener("reset", () => console.log("reset"));
let endpoints = "";
client.addEventListener("status", ({ status }) => {
  const now = status.connections
    .filter(({ state }) => state === "connected")
    .map(({ endpoint }) => endpoint)
    .join(" ");
  if (now !== endpoints) console.log(`connected to ${now}`);
  endpoints = now;
});
