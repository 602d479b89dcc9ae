import type { Server } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { answerOrNotFound, endpoints } from "../../src/http/endpoints.ts";
import type { EndpointSources } from "../../src/http/endpoints.ts";
import { closeHttpServer, listen, ownHttpServer, reachableAt } from "../../src/http/own-server.ts";
import { resolveLimits } from "../../src/policy/limits.ts";
import type { Limits } from "../../src/policy/limits.ts";
import { RawSocket } from "../raw-socket.ts";

let server: Server | undefined;
afterEach(async () => {
  if (server !== undefined) await closeHttpServer(server);
});

const exposition = { contentType: "text/plain; version=1", expose: () => Promise.resolve("hawser_connections 0\n") };

async function open(
  limits: Partial<Limits> = {},
  ready = true,
  metrics: EndpointSources["metrics"] = exposition,
): Promise<{ url: string; evicted: () => number }> {
  let evicted = 0;
  const handle = endpoints({
    ready: () => Promise.resolve(ready),
    metrics,
    path: "/hawser",
  });
  ({ server } = ownHttpServer(answerOrNotFound(handle), resolveLimits(limits), {
    handshakeRefused: () => {},
    handshakeEvicted: () => void (evicted += 1),
    sharedOpened: () => {},
    sharedClosed: () => {},
  }));
  await listen(server, 0, "127.0.0.1");
  return { url: `http://${reachableAt(server)}`, evicted: () => evicted };
}

describe("endpoints", () => {
  it.each([
    ["/healthz", true, 200, "ok\n"],
    ["/readyz", true, 200, "ready\n"],
    ["/readyz", false, 503, "not ready\n"],
    ["/readyz?x=1", true, 200, "ready\n"],
    ["/metrics", true, 200, "hawser_connections 0\n"],
    ["/", true, 404, "Nothing is here.\n"],
    ["/healthz/", true, 404, "Nothing is here.\n"],
  ])("%s with ready %s answers %i", async (path, ready, status, body) => {
    const { url } = await open({}, ready);
    const answer = await fetch(url + path);
    expect(answer.status).toBe(status);
    expect(await answer.text()).toBe(body);
  });

  it("say of which media type the metrics are", async () => {
    const { url } = await open();
    expect((await fetch(`${url}/metrics`)).headers.get("content-type")).toBe("text/plain; version=1");
  });

  it("answer 500 when the metrics cannot be had, and go on", async () => {
    const { url } = await open({}, true, { ...exposition, expose: () => Promise.reject(new Error("no")) });
    expect((await fetch(`${url}/metrics`)).status).toBe(500);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  it("tell a plain request for the WebSocket's path to upgrade", async () => {
    const { url } = await open();
    expect((await fetch(`${url}/hawser`)).status).toBe(426);
  });

  it("take GET and HEAD only", async () => {
    const { url } = await open();
    expect((await fetch(`${url}/healthz`, { method: "POST", body: "x".repeat(100_000) })).status).toBe(405);
    expect((await fetch(`${url}/healthz`, { method: "HEAD" })).status).toBe(200);
  });
});

describe("a handshake that does not finish", () => {
  it("is answered with 408 after its time", async () => {
    const { url } = await open({ handshakeTimeoutMs: 50 });
    const raw = await RawSocket.to(url);
    raw.write("GET /hawser HTTP/1.1\r\nHost: x\r\n");
    expect(await raw.status()).toBe(408);
    await raw.ended();
  });

  it("ends after its time although nothing was ever sent", async () => {
    const { url } = await open({ handshakeTimeoutMs: 50 });
    const raw = await RawSocket.to(url);
    expect(await raw.status()).toBe(408);
    await raw.ended();
  });

  it("is cut, the oldest first, when there are too many", async () => {
    const { url, evicted } = await open({ maxPendingHandshakes: 2 });
    const oldest = await RawSocket.to(url);
    oldest.write("GET / HTTP/1.1\r\n");
    const second = await RawSocket.to(url);
    second.write("GET / HTTP/1.1\r\n");
    const third = await RawSocket.to(url);
    await oldest.ended();
    expect(evicted()).toBe(1);
    third.write("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    expect(await third.status()).toBe(200);
    second.write("Host: x\r\n\r\n");
    expect(await second.status()).toBe(404);
    second.destroy();
    third.destroy();
  });

  it("with more headers than may be is answered with 431", async () => {
    const { url } = await open({ maxHandshakeBytes: 1_024 });
    const raw = await RawSocket.to(url);
    raw.write(`GET / HTTP/1.1\r\nHost: x\r\nX-Large: ${"x".repeat(2_000)}\r\n\r\n`);
    expect(await raw.status()).toBe(431);
  });
});

it("listening on a port that is taken rejects with the platform's error", async () => {
  const { url } = await open();
  const handle = answerOrNotFound(() => false);
  const { server: other } = ownHttpServer(handle, resolveLimits(), {
    handshakeRefused: () => {},
    handshakeEvicted: () => {},
    sharedOpened: () => {},
    sharedClosed: () => {},
  });
  await expect(listen(other, Number(new URL(url).port), "127.0.0.1")).rejects.toMatchObject({ code: "EADDRINUSE" });
});
