/** Two plain WebSocket servers and an HTTP back end behind one gateway. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { createClient, openSocket, webSocketConnector } from "@hawser/client";
import { createGateway } from "@hawser/gateway";
import { memoryLog } from "@hawser/log";
import { anonymous, createServer, silentLogger } from "@hawser/server";
import { WebSocket, WebSocketServer } from "ws";

export async function run(): Promise<void> {
  const [one, two] = [await quoteServer("one"), await quoteServer("two")];
  const app = await httpBackEnd();
  const gateway = createGateway({
    pools: {
      quotes: {
        targets: [
          { name: "one", url: one.url },
          { name: "two", url: two.url },
        ],
        balance: "round-robin",
        health: { intervalMs: 100, failures: 1 },
      },
      app: { kind: "http", url: app.url, secret: `whsec_${randomBytes(32).toString("base64")}` },
    },
    routes: [{ path: "/quotes", pool: "quotes" }],
  });
  const server = createServer({
    log: memoryLog(),
    authenticate: anonymous({ allowNames: true }),
    port: 0,
    host: "127.0.0.1",
    sockets: gateway.sockets,
    parts: [gateway],
    logger: silentLogger,
  });
  await server.listen();
  const plainUrl = new URL("/quotes", server.url).href;

  console.log("A plain client, which knows nothing of Hawser:");
  const plain = new WebSocket(plainUrl);
  console.log(`  is balanced: ${await heard(plain)}`);
  const closed = once(plain, "close") as Promise<[number, Buffer]>;
  await one.stop();
  const [code] = await closed;
  console.log(`  is told when its server dies: close code ${code}`);
  const again = new WebSocket(plainUrl);
  console.log(`  and comes back to another: ${await heard(again)}`);
  again.close();

  console.log("A Hawser client, with all its sockets over one connection:");
  const client = createClient({
    url: server.url,
    token: "ann",
    connector: webSocketConnector({ WebSocket }),
  });
  const quotes = openSocket(client, "quotes");
  console.log(`  a WebSocket server: ${await heard(quotes)}`);
  const orders = openSocket(client, "app");
  console.log(`  an HTTP back end: ${await heard(orders)}`);
  orders.send("buy 100");
  console.log(`  which answers: ${await heard(orders)}`);

  await client.close();
  await gateway.close();
  await server.close();
  await two.stop();
  await app.stop();
}

/** A server that says who it is. */
async function quoteServer(name: string): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  server.on("connection", (socket) => socket.send(`hello from ${name}`));
  await once(server, "listening");
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      for (const client of server.clients) client.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A program that only answers requests. It should look at their signatures: docs/guides/http-back-ends.md says how. */
async function httpBackEnd(): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> {
  const server = createHttpServer((request, response) => {
    void text(request).then((body) => {
      const event = JSON.parse(body) as { type: string; user?: string; messages?: { text: string }[] };
      const replies =
        event.type === "socket.connect"
          ? [{ text: `welcome, ${event.user}` }]
          : (event.messages ?? []).map((message) => ({ text: `done: ${message.text}` }));
      response.setHeader("content-type", "application/json").end(JSON.stringify(replies));
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A socket, of whichever kind. */
interface Hearable {
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void, once: { once: true }): void;
}

/** Its next message. */
function heard(socket: Hearable): Promise<string> {
  return new Promise((resolve) => {
    socket.addEventListener("message", ({ data }) => resolve(String(data)), { once: true });
  });
}
