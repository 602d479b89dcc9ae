import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { systemPorts } from "@hawser/protocol";
import { silentLogger } from "@hawser/server";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { BackendDoor } from "../../src/backend/backend-door.ts";
import { Backends } from "../../src/backend/backends.ts";
import type { BackendOptions } from "../../src/backend/backend-options.ts";
import { nodePoster } from "../../src/backend/http-post.ts";
import type { PlainProxyOptions } from "../../src/proxy/plain-proxy.ts";
import { PlainProxy } from "../../src/proxy/plain-proxy.ts";
import { ProxyListener } from "../../src/proxy/listener.ts";
import { secret } from "./support.ts";

type Event = Record<string, unknown>;
/** What a back end answers an event with: a status, or a body. */
type Answer = (event: Event) => number | object | undefined;

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** A gateway in front of a back end that answers with `answer`; all events of it. */
async function start(
  answer: Answer,
  options: Partial<BackendOptions> = {},
  proxied: Partial<PlainProxyOptions> = {},
): Promise<{
  readonly url: string;
  readonly events: Event[];
  readonly backends: Backends;
  readonly proxy: PlainProxy;
}> {
  const events: Event[] = [];
  const app = createServer((request, response) => void respond(request, response, events, answer));
  app.listen(0, "127.0.0.1");
  await once(app, "listening");
  stops.push(() => stop(app));
  const ports = systemPorts();
  const observer = { backendRequest: () => {}, backendFailed: () => {}, backendSockets: () => {} };
  const backends = new Backends({ node: "a", ...ports, logger: silentLogger, observer, poster: nodePoster() });
  const url = `http://127.0.0.1:${(app.address() as AddressInfo).port}/`;
  backends.put("app", { url, secret, ...options }, "pools.app");
  const door = new BackendDoor({ backend: backends.get("app")!, timers: ports.timers, logger: silentLogger });
  const routes = [{ path: "/app/**", pool: "app", stripPrefix: "/app" }];
  const proxy = new PlainProxy({ pools: { get: () => door }, routes, ...proxied });
  const { limits } = proxied;
  const listener = new ProxyListener({
    port: 0,
    host: "127.0.0.1",
    proxy,
    ...(limits === undefined ? {} : { limits }),
  });
  await listener.open();
  stops.push(
    () => listener.close(),
    () => proxy.close(),
  );
  return { url: `ws://127.0.0.1:${listener.port}/app`, events, backends, proxy };
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  events: Event[],
  answer: Answer,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const event = JSON.parse(Buffer.concat(chunks).toString()) as Event;
  events.push(event);
  const answered = answer(event);
  if (typeof answered === "number") response.writeHead(answered).end();
  else if (answered === undefined) response.end();
  else response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answered));
}

async function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

/** The answers of a back end that says each message back. */
const echo: Answer = ({ type, messages }) =>
  type === "socket.messages" ? (messages as Event[]).map(withoutNumber) : {};

function withoutNumber(message: Event): object {
  return Object.fromEntries(Object.entries(message).filter(([name]) => name !== "number"));
}

/** The next `count` messages of a client. */
function heard(client: WebSocket, count: number): Promise<(string | Buffer)[]> {
  const messages: (string | Buffer)[] = [];
  return new Promise((resolve) => {
    client.on("message", (data: Buffer, binary) => {
      messages.push(binary ? data : data.toString());
      if (messages.length === count) resolve(messages);
    });
  });
}

describe("a plain client of an HTTP back end", () => {
  it("says and hears text and binary over a socket that the gateway holds", async () => {
    const { url, events } = await start(echo);
    const client = new WebSocket(`${url}/room/1?key=a?b`, { headers: { cookie: "sid=1", "x-private": "no" } });
    await once(client, "open");
    client.send("hello");
    expect(await heard(client, 1)).toEqual(["hello"]);
    client.send(Buffer.of(0, 255));
    expect(await heard(client, 1)).toEqual([Buffer.of(0, 255)]);
    expect(events[0]).toMatchObject({
      path: "/room/1",
      query: "key=a?b",
      address: "127.0.0.1",
      headers: { cookie: "sid=1" },
    });
    expect(events[0]).not.toHaveProperty("user");
    expect(events[0]).not.toHaveProperty("headers.x-private");
    client.terminate();
  });

  it("keeps the order of what it says, however it is batched", async () => {
    const { url } = await start(echo);
    const client = new WebSocket(url);
    await once(client, "open");
    const sent = Array.from({ length: 500 }, (_, index) => `message ${index}`);
    for (const text of sent) client.send(text);
    expect(await heard(client, 500)).toEqual(sent);
    client.terminate();
  });

  it("gets the subprotocol that the back end chose, and is named by whom the gateway let in", async () => {
    const { url, events } = await start(() => ({ protocol: "v2" }), {}, { authorize: () => ({ user: "ann" }) });
    const client = new WebSocket(url, ["v1", "v2"]);
    await once(client, "open");
    expect(client.protocol).toBe("v2");
    expect(events[0]).toMatchObject({ user: "ann", protocols: ["v1", "v2"] });
    client.terminate();
  });

  it.each([
    [403, 403],
    [404, 404],
    [302, 502],
    [500, 503],
  ])("is refused by HTTP when the back end answers %i: %i", async (status, refused) => {
    const { url } = await start(() => status, { limits: { maxConnectAttempts: 1 } });
    const client = new WebSocket(url);
    client.on("error", () => {});
    const [, response] = (await once(client, "unexpected-response")) as [unknown, IncomingMessage];
    expect(response.statusCode).toBe(refused);
    client.terminate();
  });

  it("takes headers as large as the limits of the proxy let them be", async () => {
    const { url, events } = await start(() => ({}), {}, { limits: { maxHeaderBytes: 100_000 } });
    const cookie = `a=${"x".repeat(50_000)}`;
    const client = new WebSocket(url, { headers: { cookie } });
    await once(client, "open");
    expect(events[0]).toMatchObject({ type: "socket.connect", headers: { cookie } });
    client.close();
    await once(client, "close");
  });

  it("tells its close code and reason, and is closed with those of the back end", async () => {
    let ended: (event: Event) => void = () => {};
    const end = new Promise<Event>((resolve) => (ended = resolve));
    const { url } = await start((event) => {
      if (event["type"] === "socket.disconnect") ended(event);
      return event["type"] === "socket.messages" ? [{ text: "bye" }, { close: { code: 4002, reason: "out" } }] : {};
    });
    const leaving = new WebSocket(url);
    await once(leaving, "open");
    leaving.close(3999, "why");
    expect(await end).toMatchObject({ code: 3999, reason: "why", by: "client" });
    const closed = new WebSocket(url);
    await once(closed, "open");
    closed.send("");
    const [code, reason] = (await once(closed, "close")) as [number, Buffer];
    expect([code, reason.toString()]).toEqual([4002, "out"]);
  });

  it("is pushed to, and closed with 1001 when the back end is removed", async () => {
    const { url, events, backends } = await start(() => ({}));
    const client = new WebSocket(url);
    await once(client, "open");
    backends.push(events[0]?.["socket"] as string, [{ kind: "message", data: Buffer.from("news"), text: true }]);
    expect(await heard(client, 1)).toEqual(["news"]);
    backends.remove("app");
    const [code] = (await once(client, "close")) as [number];
    expect(code).toBe(1001);
  });

  it("is closed at once when the back end fails, although it has said more than was read", async () => {
    const { url } = await start(({ type }) => (type === "socket.messages" ? 500 : {}), {
      limits: { maxAttempts: 1, maxQueuedBytes: 1_000 },
    });
    const client = new WebSocket(url);
    await once(client, "open");
    for (let count = 0; count < 2_000; count += 1) client.send("x".repeat(100));
    const [code] = (await once(client, "close")) as [number];
    expect(code).toBe(1013);
  });

  it("is closed with 1009 by a message past maxMessageBytes", async () => {
    const { url } = await start(echo, { limits: { maxMessageBytes: 5 } });
    const client = new WebSocket(url);
    await once(client, "open");
    client.send("12345");
    expect(await heard(client, 1)).toEqual(["12345"]);
    client.send("123456");
    const [code] = (await once(client, "close")) as [number];
    expect(code).toBe(1009);
  });
});
