import { memoryLog } from "@hawser/log";
import { createHash } from "node:crypto";
import { createServer as createHttpServer } from "node:http";
import { connect } from "node:net";
import type { ApiKeyOptions, HawserServer, Logger } from "@hawser/server";
import { silentLogger } from "@hawser/server";
import { afterEach, describe, expect, it } from "vitest";
import { ask, fullKey, openApi } from "./support.ts";

const servers: HawserServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function open(...given: Parameters<typeof openApi>): Promise<HawserServer> {
  const server = await openApi(...given);
  servers.push(server);
  return server;
}

const refusal = (status: number, code: string) => ({ status, body: { error: { code } } });
const message = { body: { json: 1 } };

describe("the keys of the HTTP API", () => {
  it("are needed: without one, with a wrong one, and with one in the query it says 401", async () => {
    const server = await open();
    for (const key of ["", "wrong", `${fullKey}x`, fullKey.slice(1)]) {
      const answer = await ask(server, "GET", "channels/c/messages", { key });
      expect(answer).toMatchObject(refusal(401, "key-invalid"));
      expect(answer.headers.get("www-authenticate")).toBe("Bearer");
    }
    expect(await ask(server, "GET", `channels/c/messages?key=${fullKey}`, { key: "" })).toMatchObject({ status: 401 });
  });

  it("may be given as a hash, so that the server does not know them", async () => {
    const key = "k".repeat(40);
    const sha256 = createHash("sha256").update(key).digest("hex");
    const server = await open({}, [{ name: "hashed", sha256 }]);
    expect(await ask(server, "GET", "channels/c/messages", { key })).toMatchObject({ status: 200 });
    expect(await ask(server, "GET", "channels/c/messages", { key: sha256 })).toMatchObject({ status: 401 });
  });

  it("do only what their scopes say", async () => {
    const server = await open({}, [{ name: "reader", key: fullKey, scopes: ["history"] }]);
    expect(await ask(server, "GET", "channels/c/messages")).toMatchObject({ status: 200 });
    expect(await ask(server, "POST", "channels/c/messages", message)).toMatchObject(refusal(403, "forbidden"));
    expect(await ask(server, "POST", "users/ann/messages", message)).toMatchObject(refusal(403, "forbidden"));
    expect(await ask(server, "GET", "channels/c/presence")).toMatchObject(refusal(403, "forbidden"));
  });

  it("are only for the channels of their patterns", async () => {
    const server = await open({}, [{ name: "orders", key: fullKey, channels: ["orders.*"] }]);
    expect(await ask(server, "POST", "channels/orders.1/messages", message)).toMatchObject({ status: 200 });
    expect(await ask(server, "POST", "channels/chat/messages", message)).toMatchObject(refusal(403, "forbidden"));
    expect(await ask(server, "GET", "channels/chat/messages")).toMatchObject(refusal(403, "forbidden"));
    expect(await ask(server, "GET", "channels/chat/presence")).toMatchObject(refusal(403, "forbidden"));
    const messages = [
      { channel: "orders.2", json: 1 },
      { channel: "chat", json: 1 },
    ];
    expect(await ask(server, "POST", "messages", { body: { messages } })).toMatchObject(refusal(403, "forbidden"));
    expect((await ask(server, "GET", "channels/orders.2/messages")).body.messages).toEqual([]);
  });

  it("are in no log, whether they are right or wrong", async () => {
    const lines: string[] = [];
    const keep = (...what: unknown[]): void => void lines.push(JSON.stringify(what));
    const logger: Logger = { debug: keep, info: keep, warn: keep, error: keep };
    const server = await open({ logger });
    await ask(server, "POST", "channels/c/messages", message);
    await ask(server, "POST", "channels/c/messages", { ...message, key: "wrong-key-of-somebody" });
    expect(lines.some((line) => line.includes("without a valid key"))).toBe(true);
    expect(lines.join("\n")).not.toMatch(/a-key-of-the-tests|wrong-key-of-somebody/);
  });

  it.each<[string, unknown]>([
    ["api.keys[0].name", { name: "two words", key: fullKey }],
    ["api.keys[0]", { name: "a" }],
    ["api.keys[0]", { name: "a", key: fullKey, sha256: "0".repeat(64) }],
    ["api.keys[0].key", { name: "a", key: "k".repeat(31) }],
    ["api.keys[0].key", { name: "a", key: "k".repeat(257) }],
    ["api.keys[0].sha256", { name: "a", sha256: "0".repeat(63) }],
    ["api.keys[0].scopes", { name: "a", key: fullKey, scopes: ["everything"] }],
    ["api.keys[0].channels", { name: "a", key: fullKey, channels: "chat" }],
    ["api.keys[0].scope", { name: "a", key: fullKey, scope: ["publish"] }],
  ])("are refused by the name %s when they are none", async (name, key) => {
    const opening = openApi({}, [key as ApiKeyOptions]);
    await expect(opening).rejects.toMatchObject({ code: "option-invalid" });
    await expect(opening).rejects.toThrow(`${name} `);
    await expect(opening).rejects.not.toThrow("k".repeat(31));
  });

  it("may have 32 to 256 characters, and there may be 100", async () => {
    const keys = Array.from({ length: 100 }, (_, index) => ({
      name: `key-${index}`,
      key: String(index).padEnd(index % 2 === 0 ? 32 : 256, "k"),
    }));
    const server = await open({}, keys);
    expect(await ask(server, "GET", "channels/c/messages", { key: keys[99]!.key })).toMatchObject({ status: 200 });
    expect(await ask(server, "GET", "channels/c/messages", { key: keys[0]!.key })).toMatchObject({ status: 200 });
    await expect(openApi({}, [...keys, { name: "more", key: fullKey }])).rejects.toThrow("at most 100");
    await expect(openApi({}, [keys[0]!, keys[0]!])).rejects.toThrow("twice");
  });
});

describe("the HTTP API", () => {
  it("is not there without a key", async () => {
    const server = await open({}, []);
    const url = new URL("/hawser/api/v1/channels/c/messages", server.url.replace("ws", "http"));
    expect((await fetch(url)).status).toBe(404);
  });

  it("lies below the server's path", async () => {
    const server = await open({ path: "/live" });
    const url = new URL("/live/api/v1/channels/c/messages", server.url.replace("ws", "http"));
    expect((await fetch(url, { headers: { authorization: `Bearer ${fullKey}` } })).status).toBe(200);
    expect(await ask(server, "GET", "x").catch(() => "no JSON")).toBe("no JSON");
  });

  it("says 404 for paths that it has not, and 405 for methods", async () => {
    const server = await open();
    expect(await ask(server, "GET", "channels")).toMatchObject(refusal(404, "path-unknown"));
    expect(await ask(server, "GET", "channels/c/messages/1")).toMatchObject(refusal(404, "path-unknown"));
    expect(await ask(server, "DELETE", "channels/c/messages")).toMatchObject(refusal(405, "method-not-allowed"));
    expect(await ask(server, "OPTIONS", "channels/c/messages")).toMatchObject(refusal(405, "method-not-allowed"));
  });

  it("lets no page of a browser read it", async () => {
    const server = await open();
    const { headers } = await ask(server, "GET", "channels/c/messages", { headers: { origin: "https://example.org" } });
    expect(headers.get("access-control-allow-origin")).toBeNull();
  });

  it("takes JSON in UTF-8 alone", async () => {
    const server = await open();
    const publish = (text: string | Uint8Array, type = "application/json") =>
      ask(server, "POST", "channels/c/messages", { text, headers: { "content-type": type } });
    expect(await publish(`{"json":1}`, "application/json; charset=utf-8")).toMatchObject({ status: 200 });
    expect(await publish(`{"json":1}`, "text/plain")).toMatchObject(refusal(415, "request-invalid"));
    expect(await publish(`{"json":`)).toMatchObject(refusal(400, "request-invalid"));
    expect(await publish(Buffer.from([0x22, 0xff, 0x22]))).toMatchObject(refusal(400, "request-invalid"));
    const coded = { "content-encoding": "gzip" };
    expect(await ask(server, "POST", "channels/c/messages", { ...message, headers: coded })).toMatchObject({
      status: 415,
    });
  });

  it("takes a body of maxApiBodyBytes, and none longer, whether its length was said or not", async () => {
    const server = await open({ limits: { maxApiBodyBytes: 100 } });
    const bodyOf = (bytes: number): string => `{"json":"${"x".repeat(bytes - 11)}"}`;
    expect(await ask(server, "POST", "channels/c/messages", { text: bodyOf(100) })).toMatchObject({ status: 200 });
    expect(await ask(server, "POST", "channels/c/messages", { text: bodyOf(101) })).toMatchObject(
      refusal(413, "body-too-large"),
    );
    const url = new URL("/hawser/api/v1/channels/c/messages", server.url.replace("ws", "http"));
    const streamed = (bytes: number): Promise<Response> =>
      fetch(url, {
        method: "POST",
        headers: { authorization: `Bearer ${fullKey}`, "content-type": "application/json" },
        body: new Blob([bodyOf(bytes)]).stream(),
        duplex: "half",
      } as RequestInit);
    expect((await streamed(100)).status).toBe(200);
    expect((await streamed(101)).status).toBe(413);
  });

  it("does not wait for a body longer than bodyTimeoutMs", async () => {
    const server = await open({ limits: { bodyTimeoutMs: 20 } });
    const { hostname, port } = new URL(server.url);
    const socket = connect(Number(port), hostname);
    socket.write(
      `POST /hawser/api/v1/messages HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${fullKey}\r\n` +
        `content-type: application/json\r\ncontent-length: 10\r\n\r\n{`,
    );
    const answer = await new Promise<string>((resolve) => socket.once("data", (data) => resolve(data.toString())));
    expect(answer).toMatch(/^HTTP\/1\.1 408 [^]*"body-late"/);
    socket.destroy();
  });

  it("says so where an application's server has read the body before", async () => {
    const http = createHttpServer((request, response) => {
      request.resume().once("end", () => void server.handleRequest(request, response));
    });
    const server = await open({ server: http, port: undefined as never, host: undefined as never });
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    const answer = await ask(server, "POST", "channels/c/messages", message);
    expect(answer).toMatchObject(refusal(500, "internal"));
    expect(answer.body.error.message).toContain("handleRequest");
    http.closeAllConnections();
    http.close();
  });

  it("lets the keys of a name do as much as their rate and burst say, and no more", async () => {
    const server = await open({ limits: { apiOperationsPerSecond: 1, apiOperationsBurst: 5, maxApiBatch: 5 } }, [
      { name: "busy", key: fullKey },
      { name: "other", key: "k".repeat(32) },
    ]);
    const messages = Array.from({ length: 4 }, () => ({ channel: "c", json: 1 }));
    expect(await ask(server, "POST", "messages", { body: { messages } })).toMatchObject({ status: 200 });
    expect(await ask(server, "GET", "channels/c/messages")).toMatchObject({ status: 200 });
    const above = await ask(server, "POST", "messages", { body: { messages } });
    expect(above).toMatchObject(refusal(429, "rate-limited"));
    expect(above.body.error).toMatchObject({ retry: true });
    expect(Number(above.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await ask(server, "GET", "channels/c/messages", { key: "k".repeat(32) })).toMatchObject({ status: 200 });
  });

  it("slows down who tries keys, and nobody who has one", async () => {
    const server = await open();
    const statuses = new Set<number>();
    for (let tries = 0; tries < 45; tries += 1)
      statuses.add((await ask(server, "GET", "channels/c/messages", { key: `wrong-${tries}` })).status);
    expect([...statuses]).toEqual([401, 429]);
    expect(await ask(server, "GET", "channels/c/messages")).toMatchObject({ status: 200 });
  });

  it("answers maxApiRequests at once, and refuses the next", async () => {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    let asked = 0;
    const server = await open({
      limits: { maxApiRequests: 2 },
      contract: undefined as never,
      channels: [{ pattern: "**", presence: true }],
      logger: silentLogger,
      log: heldLog(held, () => (asked += 1)),
    });
    const first = [ask(server, "GET", "channels/c/messages"), ask(server, "GET", "channels/c/messages")];
    await expect.poll(() => asked, { timeout: 10_000 }).toBe(2);
    const third = await ask(server, "GET", "channels/c/messages");
    expect(third).toMatchObject(refusal(503, "overloaded"));
    release();
    for (const answer of await Promise.all(first)) expect(answer.status).toBe(200);
    expect(await ask(server, "GET", "channels/c/messages")).toMatchObject({ status: 200 });
  });

  it("counts its requests by operation and status", async () => {
    const server = await open();
    await ask(server, "POST", "channels/c/messages", message);
    await ask(server, "GET", "nothing");
    await ask(server, "GET", "channels/c/messages", { key: "wrong" });
    const metrics = await server.metrics();
    expect(metrics).toMatch(/^hawser_api_requests_total\{operation="publish",status="200"\} 1$/m);
    expect(metrics).toMatch(/^hawser_api_requests_total\{operation="none",status="404"\} 1$/m);
    expect(metrics).toMatch(/^hawser_api_requests_total\{operation="none",status="401"\} 1$/m);
  });

  it("still answers on a node that drains", async () => {
    const server = await open();
    await server.drain();
    expect(await ask(server, "POST", "channels/c/messages", message)).toMatchObject({ status: 200 });
  });

  it("refuses parameters of the query that it does not know, and those given twice", async () => {
    const server = await open();
    for (const query of ["offset=1", "limit=1&limit=2", "limit=0", "limit=x", "backward=1", "position=1"]) {
      expect(await ask(server, "GET", `channels/c/messages?${query}`)).toMatchObject(refusal(400, "request-invalid"));
    }
  });
});

function heldLog(held: Promise<void>, onHead: () => void) {
  const log = memoryLog();
  const head = log.head.bind(log);
  log.head = async (channel) => {
    onHead();
    await held;
    return head(channel);
  };
  return log;
}
