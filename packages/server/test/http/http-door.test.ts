import { createServer as createHttpServer, request as httpRequest } from "node:http";
import { connect as connectSocket } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { memoryLog } from "@hawser/log";
import { HawserError, jsonCodec, protobufCodec } from "@hawser/protocol";
import type { ServerFrame } from "@hawser/protocol";
import { afterEach, describe, expect, it } from "vitest";
import { createServer, silentLogger } from "../../src/index.ts";
import type { HawserServer, ServerOptions } from "../../src/index.ts";

const ends: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

const json = "application/vnd.hawser.v1.json";
const binary = "application/vnd.hawser.v1";

async function serve(options: Partial<ServerOptions> = {}): Promise<{ server: HawserServer; base: string }> {
  const server = createServer({
    log: memoryLog(),
    authenticate: ({ token }) => {
      if (token === "bad") throw new HawserError("token-invalid", "No.");
      return { user: token === "" ? "ann" : token };
    },
    port: 0,
    host: "127.0.0.1",
    logger: silentLogger,
    ...options,
  });
  await server.listen();
  ends.push(() => server.close());
  return { server, base: server.url.replace("ws:", "http:") };
}

type Line = Readonly<Record<string, unknown>>;
const lines = (...frames: Line[]): string => frames.map((frame) => `${JSON.stringify(frame)}\n`).join("");
const hello: Line = { type: "connect" };
const subscribe = (id: number, channel = "a", more: Line = {}): Line => ({ type: "subscribe", id, channel, ...more });

function post(
  url: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const abort = new AbortController();
  ends.push(() => abort.abort());
  return fetch(url, { method: "POST", body, headers: { "content-type": json, ...headers }, signal: abort.signal });
}

const framesOf = (text: string): ServerFrame[] => jsonCodec.decodeServer(new TextEncoder().encode(text));
const typesOf = (text: string): string[] => framesOf(text).map(({ type }) => type);

/** Reads an answer as it comes, until a frame of a type is there. */
async function readUntil(response: Response, type: ServerFrame["type"]): Promise<ServerFrame[]> {
  const reader = response.body!.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    text += decoder.decode(value, { stream: true });
    const whole = text.slice(0, text.lastIndexOf("\n") + 1);
    const frames = whole === "" ? [] : framesOf(whole);
    if (frames.some((frame) => frame.type === type)) {
      reader.releaseLock();
      return frames;
    }
    if (done) throw new Error(`the answer ended without ${type}: ${text}`);
  }
}

describe("a request with frames in its body", () => {
  it("counts for the rates of its session, whichever way it comes [HTTP-15]", async () => {
    // One publish, and the next in a thousand seconds.
    const { base } = await serve({ channels: [{ pattern: "a", publishesPerSecond: 0.001 }] });
    const body = lines({ ...hello, session: "s" }, { type: "publish", id: 1, channel: "a", json: 1 });
    await readUntil(await post(`${base}/stream`, body), "published");
    const answer = await post(`${base}/requests`, body);
    expect(framesOf(await answer.text())).toMatchObject([{ type: "connected" }, { code: "rate-limited" }]);
  });

  it("is answered with frames of its type, and needs nothing of another request [HTTP-1] [HTTP-2]", async () => {
    const { base } = await serve();
    const body = lines(hello, { type: "publish", id: 1, channel: "a", json: 1 }, { type: "ping", nonce: 7 });
    const answer = await post(`${base}/requests`, body);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe(json);
    expect(answer.headers.get("cache-control")).toContain("no-transform");
    expect(answer.headers.get("x-accel-buffering")).toBe("no");
    expect(typesOf(await answer.text()).toSorted()).toEqual(["connected", "pong", "published"]);
  });

  it("may be protobuf", async () => {
    const { base } = await serve();
    const connect = protobufCodec.encode({ type: "connect", token: "", session: "", agent: "" });
    const answer = await post(`${base}/requests`, Uint8Array.from(connect), { "content-type": `${binary}; a=b` });
    expect(answer.headers.get("content-type")).toBe(binary);
    const frames = protobufCodec.decodeServer(new Uint8Array(await answer.arrayBuffer()));
    expect(frames.map(({ type }) => type)).toEqual(["connected"]);
  });

  it("that is refused for its token or its frames ends with a close of that code [HTTP-6] [CON-16]", async () => {
    const { base } = await serve();
    const codeOf = async (body: string): Promise<unknown> => {
      const last = framesOf(await (await post(`${base}/stream`, body)).text()).at(-1);
      return last?.type === "close" ? last.code : last;
    };
    expect(await codeOf(lines({ type: "connect", token: "bad" }))).toBe(4503);
    expect(await codeOf(lines({ type: "ping" }))).toBe(4500);
    expect(await codeOf(lines(hello, hello))).toBe(4500);
    expect(await codeOf("nonsense\n")).toBe(4501);
  });

  it("may not confirm, since nothing of it can come behind what it confirms [HTTP-7]", async () => {
    const { base } = await serve();
    for (const frame of [
      { type: "received", bytes: 1 },
      { type: "close", code: 1000 },
    ]) {
      expect(framesOf(await (await post(`${base}/stream`, lines(hello, frame))).text()).at(-1)).toMatchObject({
        type: "close",
        code: 4500,
      });
    }
  });

  it("may hold more requests than are taken at once, but for those that nobody counts [HTTP-5]", async () => {
    const { base } = await serve({ limits: { maxRequests: 4 } });
    const many = Array.from({ length: 30 }, (_, index) => subscribe(index + 1, `c${index}`));
    const answer = await post(`${base}/requests`, lines(hello, ...many));
    const types = typesOf(await answer.text());
    expect(types.filter((type) => type === "subscribed")).toHaveLength(30);
    expect(types).not.toContain("error");
  });
});

describe("the answer to a stream", () => {
  it("goes on, from any position, and shows that it lives while there is nothing to tell [HTTP-3] [HTTP-8]", async () => {
    const { server, base } = await serve({ limits: { heartbeatMs: 200 } });
    const answer = await post(`${base}/stream`, lines(hello, subscribe(1)));
    expect((await readUntil(answer, "subscribed")).map(({ type }) => type)).toEqual(["connected", "subscribed"]);
    await server.publish("a", { n: 1 });
    await readUntil(answer, "batch");
    expect((await readUntil(answer, "ping")).length).toBeGreaterThan(0);
    expect(server.connections).toBe(1);
  });

  it("is one event for each message where events are asked for [HTTP-4]", async () => {
    const { server, base } = await serve();
    await server.publish("a", { n: 1 });
    const asked = lines(hello, subscribe(1, "a", { last: 1 }));
    const text = await post(`${base}/poll`, asked, { accept: "text/event-stream;q=1, */*" });
    expect(text.headers.get("content-type")).toBe("text/event-stream");
    const events = (await text.text()).split("\n\n").filter((event) => event !== "");
    expect(events.every((event) => event.split("\n").every((line) => line.startsWith("data: {")))).toBe(true);
    const data = events.map((event) => event.replaceAll("data: ", "")).join("\n");
    expect(typesOf(data)).toEqual(["connected", "subscribed", "batch"]);

    const body = protobufCodec.encode({ type: "connect", token: "", session: "", agent: "" });
    const headers = { "content-type": binary, accept: "text/event-stream" };
    const base64 = await (await post(`${base}/requests`, Uint8Array.from(body), headers)).text();
    const bytes = Buffer.from(/^data: (\S+)\n\n$/.exec(base64)![1]!, "base64");
    expect(protobufCodec.decodeServer(bytes)[0]?.type).toBe("connected");
  });

  it("keeps its socket, however many others come that are not let in yet", async () => {
    const { server, base } = await serve({ limits: { maxPendingHandshakes: 1 } });
    const answers: Response[] = [];
    for (const path of ["stream", "stream", "poll"]) {
      answers.push(await post(`${base}/${path}`, lines(hello, subscribe(1))));
    }
    for (let count = 0; count < 5; count += 1) {
      const socket = connectSocket({ host: "127.0.0.1", port: Number(new URL(base).port) });
      ends.push(() => void socket.destroy());
      await new Promise((resolve) => socket.once("connect", resolve));
    }
    await server.publish("a", 1);
    for (const answer of answers) expect((await readUntil(answer, "batch")).at(-1)?.type).toBe("batch");
  });

  it("ends with 4000 when the server closes, and the server waits for it", async () => {
    const { server, base } = await serve();
    const answer = await post(`${base}/stream`, lines(hello));
    await readUntil(answer, "connected");
    const closing = server.close();
    expect((await readUntil(answer, "close")).at(-1)).toMatchObject({ code: 4000 });
    await closing;
    expect(server.connections).toBe(0);
  });

  it("ends for the server when the client leaves", async () => {
    const { server, base } = await serve();
    const abort = new AbortController();
    const init = {
      method: "POST",
      body: lines(hello, subscribe(1)),
      headers: { "content-type": json },
      signal: abort.signal,
    };
    await readUntil(await fetch(`${base}/stream`, init), "subscribed");
    expect(server.connections).toBe(1);
    abort.abort();
    while (server.connections > 0) await new Promise((resolve) => setImmediate(resolve));
  });
});

describe("the answer to a poll", () => {
  it("ends with the first message, be it there or be it to come [HTTP-3]", async () => {
    const { server, base } = await serve();
    const waiting = post(`${base}/poll`, lines(hello, subscribe(1)));
    const answer = await waiting;
    await server.publish("a", 1);
    expect(typesOf(await answer.text())).toEqual(["connected", "subscribed", "batch"]);
    const again = await post(`${base}/poll`, lines(hello, subscribe(1, "a", { position: { epoch: 0, offset: 0 } })));
    expect(typesOf(await again.text())).toEqual(["connected", "subscribed", "batch"]);
  });

  it("ends when it has told who is there [HTTP-3]", async () => {
    const { base } = await serve({ channels: [{ pattern: "a", presence: true }] });
    const answer = await post(`${base}/poll`, lines(hello, { type: "watch", id: 1, channel: "a" }));
    expect(typesOf(await answer.text())).toEqual(["connected", "watched", "census"]);
  });

  it("ends without one after its time [HTTP-3]", async () => {
    const { base } = await serve({ limits: { pollMs: 50 } });
    const answer = await post(`${base}/poll`, lines(hello, subscribe(1)));
    expect(typesOf(await answer.text())).toEqual(["connected", "subscribed"]);
  });
});

describe("a request that is not let in", () => {
  const refused = async (
    init: { method?: string; headers?: Record<string, string>; body?: string; path?: string },
    options: Partial<ServerOptions> = {},
  ): Promise<number> => {
    const { base } = await serve(options);
    const { method = "POST", headers = { "content-type": json }, path = "/requests", body = lines(hello) } = init;
    const response = await fetch(`${base}${path}`, { method, headers, ...(method === "GET" ? {} : { body }) });
    await response.text();
    return response.status;
  };

  it("has another type, another method, or an encoding [HTTP-2]", async () => {
    expect(await refused({ headers: { "content-type": "application/json" } })).toBe(415);
    expect(await refused({ headers: { "content-type": "text/plain" } })).toBe(415);
    expect(await refused({ headers: { "content-type": json, "content-encoding": "gzip" } })).toBe(415);
    expect(await refused({ method: "GET" })).toBe(405);
    expect(await refused({ method: "PUT" })).toBe(405);
    expect(await refused({ path: "/other" })).toBe(404);
  });

  it("is longer than a body may be, by what it says or by what comes [HTTP-2]", async () => {
    const limits = { maxBodyBytes: 20_000, maxMessageBytes: 20_000, maxTokenBytes: 1_000 };
    const frame = (size: number): string => {
      const start = lines(hello).slice(0, -1);
      return `${start}${" ".repeat(size - start.length - 1)}\n`;
    };
    expect(await refused({ body: frame(20_000) }, { limits })).toBe(200);
    expect(await refused({ body: frame(20_001) }, { limits })).toBe(413);
    const { base } = await serve({ limits });
    const answer = await new Promise<string>((resolve, reject) => {
      const sent = httpRequest(
        `${base}/requests`,
        { method: "POST", headers: { "content-type": json } },
        (response) => {
          let text = "";
          response.on("data", (chunk: Buffer) => (text += chunk.toString())).on("end", () => resolve(text));
        },
      );
      sent.on("error", reject);
      sent.write(frame(20_000));
      sent.end(frame(20_000));
    });
    expect(framesOf(answer).at(-1)).toMatchObject({ type: "close", code: 1009 });
  });

  it("has a body that does not come [HTTP-2]", async () => {
    const { server, base } = await serve({ limits: { bodyTimeoutMs: 50 } });
    const { port } = new URL(base);
    const socket: Socket = connectSocket({ host: "127.0.0.1", port: Number(port) });
    ends.push(() => void socket.destroy());
    socket.write(
      `POST /hawser/stream HTTP/1.1\r\nHost: x\r\nContent-Type: ${json}\r\nContent-Length: 1000\r\n\r\n${lines(hello)}`,
    );
    let text = "";
    await new Promise<void>((resolve) => {
      socket.on("data", (chunk: Buffer) => {
        text += chunk.toString();
        if (text.includes('"close"')) resolve();
      });
    });
    expect(text).toContain('"code":4008');
    while (server.connections > 0) await new Promise((resolve) => setImmediate(resolve));
  });

  it("is one more than the address may have, or comes to a node that goes", async () => {
    const { server, base } = await serve({ limits: { maxConnectionsPerAddress: 1 } });
    const answer = await post(`${base}/stream`, lines(hello));
    await readUntil(answer, "connected");
    expect((await post(`${base}/requests`, lines(hello))).status).toBe(429);
    void server.drain({ overMs: 60_000 });
    expect((await post(`${base}/stream`, lines(hello))).status).toBe(503);
  });
});

describe("a request of a page", () => {
  const preflight = { "access-control-request-method": "POST", "access-control-request-headers": "content-type" };

  it("is let in from an allowed origin, after a preflight, and never with credentials [HTTP-11]", async () => {
    const { base } = await serve({ origins: ["https://page.example"] });
    const origin = "https://page.example";
    const asked = await fetch(`${base}/stream`, { method: "OPTIONS", headers: { origin, ...preflight } });
    expect(asked.status).toBe(204);
    expect(asked.headers.get("access-control-allow-origin")).toBe(origin);
    expect(asked.headers.get("access-control-allow-methods")).toBe("POST");
    expect(asked.headers.get("access-control-allow-headers")).toContain("content-type");
    const answer = await post(`${base}/requests`, lines(hello), { origin });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("access-control-allow-origin")).toBe(origin);
    expect(answer.headers.get("vary")).toBe("origin");
    for (const { headers } of [asked, answer]) expect(headers.get("access-control-allow-credentials")).toBeNull();
    await answer.text();
  });

  it("is refused from any other, and is told nothing [HTTP-11]", async () => {
    const { base } = await serve({ origins: ["https://page.example"] });
    const headers = { origin: "https://evil.example", "content-type": json };
    for (const init of [
      { method: "POST", headers, body: lines(hello) },
      { method: "OPTIONS", headers: { ...headers, ...preflight } },
    ]) {
      const answer = await fetch(`${base}/requests`, init);
      expect(answer.status).toBe(403);
      expect(answer.headers.get("access-control-allow-origin")).toBeNull();
    }
  });

  it("is let in from where it came, on an HTTP server of the application's", async () => {
    const http = createHttpServer((request, response) => {
      if (!server.handleRequest(request, response)) response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    ends.push(() => {
      http.close();
      http.closeAllConnections();
    });
    const server = createServer({
      log: memoryLog(),
      authenticate: () => ({ user: "ann" }),
      logger: silentLogger,
      server: http,
    });
    await server.listen();
    ends.push(() => server.close());
    const base = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    const answer = await post(`${base}/hawser/requests`, lines(hello), { origin: base });
    expect(typesOf(await answer.text())).toEqual(["connected"]);
  });
});

describe("a client that takes nothing of its answer", () => {
  it("is sent no more than fits on the way, and its connection ends after two heartbeats [FLOW-1] [FLOW-3]", async () => {
    const { server, base } = await serve({ limits: { heartbeatMs: 200, maxUnconfirmedBytes: 65_536 } });
    const { port } = new URL(base);
    const socket = connectSocket({ host: "127.0.0.1", port: Number(port) });
    ends.push(() => void socket.destroy());
    const body = lines(hello, subscribe(1));
    socket.write(
      `POST /hawser/stream HTTP/1.1\r\nHost: x\r\nContent-Type: ${json}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    await new Promise((resolve) => socket.once("data", resolve));
    socket.pause();
    const text = "x".repeat(200_000);
    expect(server.connections).toBe(1);
    while (server.connections > 0) await server.publish("a", text);
  });
});
