import { memoryLog } from "@hawser/log";
import { adminToken, anonymous, createServer, silentLogger } from "@hawser/server";
import type { DrainOptions, HawserServer, ServerOptions } from "@hawser/server";
import { afterEach, describe, expect, it } from "vitest";
import { RawSocket } from "../raw-socket.ts";

const secret = "a secret of the tests, with more than 32 bytes";
const servers: HawserServer[] = [];
const sockets: RawSocket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) await server.close();
});

async function open(options: Partial<ServerOptions> = {}): Promise<HawserServer> {
  const server = createServer({
    log: memoryLog(),
    authenticate: anonymous({ allowNames: true }),
    port: 0,
    host: "127.0.0.1",
    name: "node-a",
    logger: silentLogger,
    adminSecret: secret,
    ...options,
  });
  servers.push(server);
  await server.listen();
  return server;
}

async function connected(server: HawserServer): Promise<RawSocket> {
  const raw = await RawSocket.upgraded(server.url);
  sockets.push(raw);
  raw.say({ type: "connect", session: "one" });
  await raw.message();
  return raw;
}

async function ask(
  server: HawserServer,
  method: string,
  query = "",
  token?: string,
): Promise<{ status: number; body: unknown; headers: Headers }> {
  const url = new URL(`/admin/drain${query}`, server.url.replace("ws", "http"));
  const authorization = `Bearer ${token ?? (await adminToken(secret))}`;
  const answer = await fetch(url, { method, headers: { authorization } });
  return { status: answer.status, body: await answer.json(), headers: answer.headers };
}

describe("/admin/drain", () => {
  it("drains the group where the server is one of several, and tells how far all of them are", async () => {
    const asked: DrainOptions[] = [];
    const progress = { total: 9, told: 1, moved: 0, closed: 0, remaining: 9, done: false };
    const group = {
      metrics: async () => "",
      drain: async (options: DrainOptions) => void asked.push(options),
      draining: async () => (asked.length === 0 ? undefined : progress),
    };
    const server = await open({ group });
    expect(await ask(server, "GET")).toMatchObject({ status: 200, body: { drain: null } });
    expect(await ask(server, "POST", "?overMs=5")).toMatchObject({ status: 202, body: { drain: progress } });
    expect(asked).toEqual([{ overMs: 5 }]);
    expect(server.draining).toBeUndefined();
  });

  it("begins a drain by POST as its parameters say, and tells by GET how far it is", async () => {
    const server = await open();
    const raw = await connected(server);
    expect(await ask(server, "GET")).toMatchObject({ status: 200, body: { node: "node-a", drain: null } });
    const begun = await ask(
      server,
      "POST",
      "?overMs=60000&deadlineMs=50000&maxMovesPerSecond=5&endpoint=wss://b/x&endpoint=wss://c/x",
    );
    expect(begun).toMatchObject({ status: 202, body: { drain: { total: 1, told: 1, remaining: 1, done: false } } });
    expect((await raw.message())[0]).toMatchObject({
      type: "move",
      deadlineMs: 50_000,
      endpoints: ["wss://b/x", "wss://c/x"],
    });
    expect(server.ready).toBe(false);
    raw.destroy();
    await expect
      .poll(async () => (await ask(server, "GET")).body)
      .toMatchObject({ drain: { moved: 1, remaining: 0, done: true } });
  });

  it("sends clients to the peers of the server where none are named", async () => {
    const server = await open({ peers: ["wss://b/hawser"] });
    const raw = await connected(server);
    await ask(server, "POST");
    expect((await raw.message())[0]).toMatchObject({ type: "move", endpoints: ["wss://b/hawser"] });
  });

  it("gives another plan by a second POST", async () => {
    const server = await open();
    const raw = await connected(server);
    await ask(server, "POST", "?overMs=600000&deadlineMs=600000");
    await ask(server, "POST", "?overMs=0");
    expect((await raw.closed()).code).toBe(4000);
  });

  it("is not there where the server has no secret for it", async () => {
    const server = await open({ adminSecret: [] });
    const url = new URL("/admin/drain", server.url.replace("ws", "http"));
    expect((await fetch(url, { method: "POST" })).status).toBe(404);
    expect(server.ready).toBe(true);
  });

  it.each(["", "x", secret, "eyJhbGciOiJub25lIn0.e30."])(
    "refuses the token %j with 401, and does nothing",
    async (token) => {
      const server = await open();
      for (const method of ["GET", "POST"]) {
        const { status, headers } = await ask(server, method, "", token);
        expect([status, headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
      }
      expect(server.ready).toBe(true);
    },
  );

  it.each([
    "?overMs=-1",
    "?overMs=1e3",
    "?overMs=",
    "?overMs=99999999999999999",
    "?overMs=2147483648",
    "?overMs=1&overMs=2",
    "?overMs=1&deadlineMs=2",
    "?maxMovesPerSecond=0",
    "?endpoint=b.example.org",
    "?endpoint=wss://ann:secret@b",
    `?${Array.from({ length: 33 }, (_, index) => `endpoint=wss://n${index}`).join("&")}`,
    "?__proto__=1",
    "?over=1",
  ])("refuses %.60j with 400, and does nothing", async (query) => {
    const server = await open();
    expect(await ask(server, "POST", query)).toMatchObject({
      status: 400,
      body: { error: { code: "option-invalid" } },
    });
    expect(server.ready).toBe(true);
  });

  it("knows GET and POST alone", async () => {
    const server = await open();
    const { status, headers } = await ask(server, "DELETE");
    expect([status, headers.get("allow")]).toEqual([405, "GET, POST"]);
  });

  it("answers who asks too often with 429, also before a token is looked at", async () => {
    const server = await open();
    const answers = await Promise.all(Array.from({ length: 60 }, () => ask(server, "POST", "", "guess")));
    expect(answers.filter(({ status }) => status === 401).length).toBeGreaterThanOrEqual(40);
    const late = answers.find(({ status }) => status === 429);
    expect(late?.headers.get("retry-after")).toBe("1");
    expect(server.ready).toBe(true);
  });

  it("does not wait for a body, however long that takes", async () => {
    const server = await open();
    const url = new URL("/admin/drain?overMs=0", server.url.replace("ws", "http"));
    const body = new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(1)) });
    const authorization = `Bearer ${await adminToken(secret)}`;
    const answer = await fetch(url, {
      method: "POST",
      headers: { authorization },
      body,
      duplex: "half",
    } as RequestInit);
    expect(answer.status).toBe(202);
    await answer.body?.cancel();
  });
});
