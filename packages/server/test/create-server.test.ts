import { createServer as createHttpServer } from "node:http";
import { memoryLog } from "@hawser/log";
import { defineContract, HawserError } from "@hawser/protocol";
import type { StandardSchemaV1 } from "@hawser/protocol";
import { anonymous, createServer, silentLogger } from "@hawser/server";
import type { HawserServer, ServerOptions } from "@hawser/server";
import { afterEach, describe, expect, it } from "vitest";
import { clientFrame, handshakeStatus, RawSocket } from "./raw-socket.ts";

const servers: HawserServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function open(options: Partial<ServerOptions> = {}): Promise<HawserServer> {
  const server = createServer({
    log: memoryLog(),
    authenticate: anonymous({ allowNames: true }),
    port: 0,
    host: "127.0.0.1",
    logger: silentLogger,
    ...options,
  });
  servers.push(server);
  await server.listen();
  return server;
}

async function connected(server: HawserServer, token = ""): Promise<RawSocket> {
  const raw = await RawSocket.upgraded(server.url);
  raw.say({ type: "connect", token, session: `session-${token}` });
  expect((await raw.message())[0]).toMatchObject({ type: "connected" });
  return raw;
}

/** The next frame of a type. */
async function next(raw: RawSocket, type: string): Promise<Record<string, unknown>> {
  for (;;) {
    const found = (await raw.message()).find((frame) => frame["type"] === type);
    if (found !== undefined) return found;
  }
}

const http = (server: HawserServer, path: string): Promise<Response> =>
  fetch(new URL(path, server.url.replace("ws", "http")));

describe("a server of a group", () => {
  it("labels its metrics, and shows those of the group", async () => {
    const group = { metrics: async () => "of all\n", drain: async () => {}, draining: async () => undefined };
    const server = await open({ metricLabels: { worker: "2" }, group });
    expect(await server.metrics()).toMatch(/^hawser_connections\{worker="2"\} 0$/m);
    expect(await server.metrics()).toMatch(/^hawser_moves_total\{event="told",worker="2"\} 0$/m);
    expect(await (await http(server, "/metrics")).text()).toBe("of all\n");
  });

  it("refuses a label that Prometheus would not take", () => {
    expect(() =>
      createServer({ log: memoryLog(), authenticate: anonymous(), metricLabels: { "worker-id": "2" } }),
    ).toThrow("metricLabels.worker-id");
  });
});

describe("a server", () => {
  it("tells the application who is in a channel", async () => {
    const server = await open({ channels: [{ pattern: "room.*", presence: true }] });
    expect(await server.presence("room.one")).toEqual({ count: 0, members: [] });
    const ann = await connected(server, "ann");
    ann.say({ type: "enter", id: 1, channel: "room.one", member: "a", json: { n: 1 } });
    await next(ann, "entered");
    expect(await server.presence("room.one")).toEqual({
      count: 1,
      members: [{ user: "ann", member: "a", state: { n: 1 } }],
    });
    await expect(server.presence("other")).rejects.toMatchObject({ code: "presence-unavailable" });
    await expect(server.presence("$presence.room.one")).rejects.toMatchObject({ code: "channel-invalid" });
    ann.destroy();
  });

  it("tells where it listens, and takes clients there", async () => {
    const server = await open({ path: "/live", name: "node-a" });
    expect(server.url).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/live$/);
    const raw = await RawSocket.upgraded(server.url);
    raw.say({ type: "connect" });
    expect((await raw.message())[0]).toMatchObject({ type: "connected", node: "node-a" });
    expect(server.connections).toBe(1);
    raw.destroy();
  });

  it("does not tell where it listens while it does not", () => {
    const server = createServer({ log: memoryLog(), authenticate: anonymous(), port: 0, logger: silentLogger });
    expect(() => server.url).toThrow(expect.objectContaining({ code: "closed" }));
  });

  it("listens once", async () => {
    const server = await open();
    await expect(server.listen()).rejects.toMatchObject({ code: "closed" });
  });

  it("that cannot have its port rejects, and lets go of its log", async () => {
    const taken = await open();
    const log = memoryLog();
    let closed = 0;
    const close = log.close.bind(log);
    log.close = () => {
      closed += 1;
      return close();
    };
    const server = createServer({
      log,
      authenticate: anonymous(),
      port: Number(new URL(taken.url).port),
      host: "127.0.0.1",
      logger: silentLogger,
    });
    await expect(server.listen()).rejects.toMatchObject({ code: "EADDRINUSE" });
    expect(closed).toBe(1);
  });

  it("that cannot open its log rejects, and does not listen", async () => {
    const log = memoryLog();
    log.open = () => Promise.reject(new HawserError("log-locked", "taken"));
    const site = createHttpServer();
    const server = createServer({ log, authenticate: anonymous(), server: site, logger: silentLogger });
    await expect(server.listen()).rejects.toMatchObject({ code: "log-locked" });
    expect(site.listenerCount("upgrade")).toBe(0);
  });

  it("is not ready while its log does not answer", async () => {
    const log = memoryLog();
    const server = await open({ log });
    expect((await http(server, "/readyz")).status).toBe(200);
    const head = log.head.bind(log);
    log.head = () => Promise.reject(new HawserError("log-unavailable", "away"));
    expect((await http(server, "/readyz")).status).toBe(503);
    expect((await http(server, "/healthz")).status).toBe(200);
    log.head = head;
    expect((await http(server, "/readyz")).status).toBe(200);
  });

  it("answers other requests on its own port as it is told", async () => {
    const server = await open({
      onRequest: (request, response) => {
        if (request.url !== "/page") return false;
        response.end("page");
        return true;
      },
    });
    expect(await (await http(server, "/page")).text()).toBe("page");
    expect((await http(server, "/healthz")).status).toBe(200);
    expect((await http(server, "/nowhere")).status).toBe(404);
  });

  it("counts what happens in its metrics", async () => {
    const server = await open();
    const raw = await connected(server);
    raw.say({ type: "publish", id: 1, channel: "a", json: 1 });
    await next(raw, "published");
    const metrics = await (await http(server, "/metrics")).text();
    expect(metrics).toContain("\nhawser_connections 1\n");
    expect(metrics).toContain("\nhawser_sessions 1\n");
    expect(metrics).toContain('\nhawser_publishes_total{outcome="accepted"} 1\n');
    expect(metrics).toMatch(/\nhawser_bytes_in_total [1-9]\d*\n/);
    raw.destroy();
  });

  it("leaves its metrics out when it is told to", async () => {
    const server = await open({ metrics: false });
    expect((await http(server, "/metrics")).status).toBe(404);
    expect((await http(server, "/healthz")).status).toBe(200);
  });

  it("gives an anonymous session the same user when it connects again", async () => {
    const server = await open();
    const users: unknown[] = [];
    for (const session of ["one", "one", "two"]) {
      const raw = await RawSocket.upgraded(server.url);
      raw.say({ type: "connect", session });
      users.push((await raw.message())[0]!["user"]);
      raw.destroy();
    }
    expect(users[0]).toBe(users[1]);
    expect(users[0]).not.toBe(users[2]);
  });
});

describe("publishing from the application", () => {
  it("reaches subscribers, with key and publisher, and tells the position", async () => {
    const server = await open();
    const raw = await connected(server);
    raw.say({ type: "subscribe", id: 1, channel: "chat.a" });
    await next(raw, "subscribed");
    const position = await server.publish("chat.a", { say: "hello" }, { key: "k", publisher: "the-app" });
    const batch = await next(raw, "batch");
    expect(batch["messages"]).toMatchObject([
      { offset: position.offset, json: { say: "hello" }, key: "k", publisher: "the-app" },
    ]);
    raw.destroy();
  });

  it("takes a key and a publisher at their limits, and refuses one byte more", async () => {
    const server = await open({ limits: { maxKeyBytes: 10 } });
    const most = { key: "ä".repeat(5), publisher: "x".repeat(128) };
    expect(await server.publish("chat.a", 1, most)).toMatchObject({ offset: 1 });
    expect(await server.sendToUser("ann", 1, most)).toMatchObject({ offset: 1 });
    for (const options of [{ key: `${most.key}k` }, { publisher: `${most.publisher}x` }, { key: 5 as never }]) {
      await expect(server.publish("chat.a", 1, options)).rejects.toMatchObject({ code: "payload-invalid" });
      await expect(server.sendToUser("ann", 1, options)).rejects.toMatchObject({ code: "payload-invalid" });
    }
  });

  it("publishes bytes as they were when it was asked to", async () => {
    const log = memoryLog();
    const server = await open({ log });
    const bytes = Buffer.from("before");
    const published = server.publish("chat.a", bytes);
    bytes.write("behind");
    await published;
    bytes.write("later!");
    const { entries } = await log.read("chat.a", 0, { maxCount: 1, maxBytes: 1 });
    expect(Buffer.from(entries[0]!.payload!.data).toString()).toBe("before");
  });

  it("reaches a user's inbox, and nobody else's", async () => {
    const server = await open();
    const [ann, bob] = [await connected(server, "ann"), await connected(server, "bob")];
    for (const raw of [ann, bob]) {
      raw.say({ type: "subscribe", id: 1, channel: "$inbox" });
      await next(raw, "subscribed");
    }
    await server.sendToUser("ann", { for: "ann" });
    await server.sendToUser("bob", { for: "bob" });
    expect((await next(ann, "batch"))["messages"]).toMatchObject([{ json: { for: "ann" } }]);
    expect((await next(bob, "batch"))["messages"]).toMatchObject([{ json: { for: "bob" } }]);
    ann.destroy();
    bob.destroy();
  });

  it.each([
    ["no channel name", "a..b", 1, "channel-invalid"],
    ["a name of the service's own", "$user.ann", 1, "channel-invalid"],
    ["what JSON cannot say", "a", undefined, "payload-invalid"],
    ["more than the channel takes", "a", "x".repeat(262_143), "message-too-large"],
  ])("with %s is refused", async (_what, channel, data, code) => {
    const server = await open();
    await expect(server.publish(channel, data)).rejects.toMatchObject({ code });
    await expect(server.publish("a", "x".repeat(262_142))).resolves.toMatchObject({ offset: 1 });
  });

  it("to a user that cannot be is refused", async () => {
    const server = await open();
    await expect(server.sendToUser("two words", 1)).rejects.toMatchObject({ code: "channel-invalid" });
  });

  it("is validated by the contract", async () => {
    const even: StandardSchemaV1<number, number> = {
      "~standard": {
        version: 1,
        vendor: "test",
        validate: (value) =>
          typeof value === "number" && value % 2 === 0 ? { value } : { issues: [{ message: "not even" }] },
      },
    };
    const contract = defineContract({ channels: { "even.{name}": { message: even } } });
    const server = createServer({
      log: memoryLog(),
      authenticate: anonymous(),
      port: 0,
      contract,
      logger: silentLogger,
    });
    await server.listen();
    await expect(server.publish("even.a", 3)).rejects.toMatchObject({ code: "payload-invalid" });
    await expect(server.publish("even.a", 4)).resolves.toMatchObject({ offset: 1 });
    // @ts-expect-error The contract says a number.
    await expect(server.publish("even.a", "4")).rejects.toMatchObject({ code: "payload-invalid" });
    await server.close();
  });
});

describe("ending connections", () => {
  it("of one user leaves the others", async () => {
    const server = await open();
    const [ann, bob] = [await connected(server, "ann"), await connected(server, "bob")];
    expect(await server.disconnectUser("ann", "Bye.")).toBe(1);
    expect(await server.disconnectUser("nobody")).toBe(0);
    expect((await ann.closed()).code).toBe(4504);
    bob.say({ type: "ping", nonce: 5 });
    expect((await bob.message())[0]).toEqual({ type: "pong", nonce: 5 });
    bob.destroy();
  });

  it("by close tells every client to connect again, and is done when they have gone", async () => {
    const server = await open();
    const clients = [
      await connected(server, "ann"),
      await connected(server, "bob"),
      await RawSocket.upgraded(server.url),
    ];
    const codes = clients.map(async (raw) => (await raw.closed()).code);
    await server.close();
    expect(await Promise.all(codes)).toEqual([4000, 4000, 4000]);
    expect(server.connections).toBe(0);
    expect(server.ready).toBe(false);
    await server.close();
  });

  it("by close is bounded although a client neither answers nor reads", async () => {
    const server = await open({ limits: { closeTimeoutMs: 50 } });
    const raw = await connected(server);
    raw.socket.pause();
    await server.close();
    expect(server.connections).toBe(0);
    raw.destroy();
  });

  it("by drain tells clients to move to its peers, then closes those that stayed, and takes no new ones", async () => {
    const server = await open({ peers: ["wss://b.example.org/hawser"] });
    const raw = await connected(server);
    const silent = await RawSocket.upgraded(server.url);
    expect(server.draining).toBeUndefined();
    const drained = server.drain({ overMs: 200, deadlineMs: 100 });
    expect(server.draining).toMatchObject({ total: 2, moved: 0, done: false });
    expect(await next(raw, "move")).toMatchObject({ deadlineMs: 100, endpoints: ["wss://b.example.org/hawser"] });
    expect(await handshakeStatus(server.url)).toBe(503);
    expect((await http(server, "/readyz")).status).toBe(503);
    expect((await http(server, "/healthz")).status).toBe(200);
    expect((await raw.closed()).code).toBe(4000);
    await drained;
    expect(server.draining).toEqual({ total: 2, told: 1, moved: 0, closed: 2, remaining: 0, done: true });
    const metrics = await (await http(server, "/metrics")).text();
    expect(metrics).toContain("\nhawser_draining 1\n");
    expect(metrics).toContain('\nhawser_moves_total{event="told"} 1\n');
    expect(metrics).toContain('\nhawser_moves_total{event="closed"} 2\n');
    silent.destroy();
  });

  it("answers in a drain the requests of HTTP clients that have not left yet, and opens no stream", async () => {
    const server = await open();
    const raw = await connected(server);
    const drained = server.drain({ overMs: 60_000, deadlineMs: 60_000 });
    const post = (kind: string): Promise<Response> =>
      fetch(new URL(`/hawser/${kind}`, server.url.replace("ws", "http")), {
        method: "POST",
        headers: { "content-type": "application/vnd.hawser.v1.json" },
        body: '{"type":"connect","session":"one"}\n{"type":"publish","id":1,"channel":"a","json":1}\n',
      });
    const answer = await post("requests");
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain('"published"');
    expect((await post("stream")).status).toBe(503);
    expect(server.draining).toMatchObject({ total: 1, remaining: 1 });
    raw.destroy();
    await drained;
  });

  it("refuses a drain before it listens, and takes connections afterwards", async () => {
    await using server = createServer({ log: memoryLog(), authenticate: anonymous(), port: 0, logger: silentLogger });
    await expect(server.drain()).rejects.toMatchObject({ code: "closed" });
    await server.listen();
    (await connected(server)).destroy();
  });

  it("refuses a drain by options that are wrong, and goes on", async () => {
    const server = await open();
    await expect(server.drain({ overMs: -1 })).rejects.toMatchObject({ code: "option-invalid" });
    expect(server.ready).toBe(true);
    (await connected(server)).destroy();
  });

  it("by revoking a right ends the subscription, and tells why [SUB-12]", async () => {
    let allowed = true;
    const server = await open({ authorize: ({ name }) => name !== "secret" || allowed });
    const raw = await connected(server, "ann");
    raw.say({ type: "subscribe", id: 1, channel: "secret" });
    await next(raw, "subscribed");
    allowed = false;
    await server.refresh("ann");
    expect(await next(raw, "unsubscribed")).toMatchObject({ code: "forbidden" });
    raw.destroy();
  });
});

describe("a server that is closed while it starts", () => {
  it("leaves neither log nor port open", async () => {
    const log = memoryLog();
    const openLog = log.open.bind(log);
    let begun = (): void => {};
    const opening = new Promise<void>((resolve) => (begun = resolve));
    let goOn = (): void => {};
    const held = new Promise<void>((resolve) => (goOn = resolve));
    log.open = async (options) => {
      begun();
      await held;
      return openLog(options);
    };
    const server = createServer({ log, authenticate: anonymous(), port: 0, logger: silentLogger });
    const listening = server.listen();
    await opening;
    const closed = [server.close(), server.close()];
    goOn();
    await expect(listening).rejects.toMatchObject({ code: "closed" });
    await Promise.all(closed);
    expect(() => server.url).toThrow("does not listen");
    await expect(log.head("chat")).rejects.toMatchObject({ code: expect.any(String) });
  });
});

describe("limits at the door", () => {
  it("close with 4008 who does not say connect [CON-5]", async () => {
    const server = await open({ limits: { connectTimeoutMs: 50 } });
    const raw = await RawSocket.upgraded(server.url);
    expect((await raw.closed()).code).toBe(4008);
  });

  it("close with 4002 whom the hook does not authenticate in time", async () => {
    const server = await open({
      limits: { connectTimeoutMs: 50, authenticateTimeoutMs: 50 },
      authenticate: () => new Promise<never>(() => {}),
    });
    const raw = await RawSocket.upgraded(server.url);
    raw.say({ type: "connect" });
    expect((await raw.closed()).code).toBe(4002);
  });

  it("take a token of maxTokenBytes, and refuse one of a byte more with 4503 [CON-6]", async () => {
    const server = await open({ limits: { maxTokenBytes: 50 } });
    const raw = await connected(server, "x".repeat(50));
    raw.destroy();
    const refused = await RawSocket.upgraded(server.url);
    refused.say({ type: "connect", token: "x".repeat(51) });
    expect((await refused.closed()).code).toBe(4503);
  });

  it("take a message of maxMessageBytes, and refuse one of a byte more with 1009 [WIRE-5]", async () => {
    const server = await open({ limits: { maxMessageBytes: 1_000 } });
    const padded = (length: number): string => JSON.stringify({ type: "connect" }).padEnd(length);
    const raw = await RawSocket.upgraded(server.url);
    raw.write(clientFrame(padded(1_000)));
    expect((await raw.message())[0]).toMatchObject({ type: "connected", maxMessageBytes: 1_000 });
    raw.write(clientFrame(padded(1_001)));
    expect((await raw.closed()).code).toBe(1009);
  });
});
