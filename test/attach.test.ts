import { createServer as createHttpServer } from "node:http";
import type { Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { webSocketConnector } from "@hawser/client";
import { memoryLog } from "@hawser/log";
import { anonymous, createServer, silentLogger } from "@hawser/server";
import type { HawserServer } from "@hawser/server";
import express from "express";
import fastify from "fastify";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { Bystander } from "./bad-input/target.ts";
import { handshakeStatus, RawSocket } from "../packages/server/test/raw-socket.ts";
import { connect } from "./support/clients.ts";
import { selfSigned } from "./support/self-signed.ts";

const ends: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

interface Site {
  readonly http: Server;
  /** Where it listens, as `http://host:port`. */
  readonly base: string;
}

/** How an application of each kind is made, with a page at `/page` and the endpoints of Hawser. */
const kinds: Readonly<Record<string, (handle: HawserServer["handleRequest"]) => Promise<Site>>> = {
  "node:http": async (handle) => {
    const http = createHttpServer((request, response) => {
      if (handle(request, response)) return;
      response.writeHead(request.url === "/page" ? 200 : 404).end(request.url === "/page" ? "page" : "none");
    });
    return listening(http);
  },
  "Express 5": async (handle) => {
    const app = express();
    app.get("/page", (_request, response) => void response.send("page"));
    app.use((request, response, next) => {
      if (!handle(request, response)) next();
    });
    return listening(createHttpServer(app));
  },
  "Fastify 5": async (handle) => {
    const app = fastify();
    app.get("/page", () => "page");
    app.setNotFoundHandler(async (request, reply) => {
      if (handle(request.raw, reply.raw)) return reply.hijack();
      return reply.code(404).send("none");
    });
    await app.listen({ port: 0, host: "127.0.0.1" });
    ends.push(() => app.close());
    return { http: app.server, base: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}` };
  },
};

async function listening(http: Server): Promise<Site> {
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  ends.push(() => {
    http.closeAllConnections();
    return new Promise<void>((resolve) => http.close(() => resolve()));
  });
  return { http, base: `http://127.0.0.1:${(http.address() as AddressInfo).port}` };
}

/** A server in an application that is made before it. */
async function attached(
  make: (handle: HawserServer["handleRequest"]) => Promise<Site>,
): Promise<{ server: HawserServer; site: Site }> {
  let server: HawserServer | undefined;
  const site = await make((request, response) => server?.handleRequest(request, response) ?? false);
  server = createServer({
    log: memoryLog(),
    authenticate: anonymous(),
    server: site.http,
    path: "/live",
    logger: silentLogger,
  });
  ends.push(() => server.close());
  await server.listen();
  return { server, site };
}

describe.each(Object.entries(kinds))("attached to %s", (_kind, make) => {
  it("serves clients beside the application's own pages", async () => {
    const { server, site } = await attached(make);
    expect(server.url).toBe(`${site.base.replace("http", "ws")}/live`);
    const client = await Bystander.connect(server.url);
    await client.roundTrip();
    expect(await (await fetch(`${site.base}/page`)).text()).toBe("page");
    expect((await fetch(`${site.base}/nowhere`)).status).toBe(404);
    client.leave();
  });

  it("answers its endpoints where the application lets it", async () => {
    const { server, site } = await attached(make);
    expect((await fetch(`${site.base}/healthz`)).status).toBe(200);
    expect((await fetch(`${site.base}/readyz`)).status).toBe(200);
    expect((await fetch(`${site.base}/live`)).status).toBe(426);
    expect(await (await fetch(`${site.base}/metrics`)).text()).toContain("hawser_connections 0\n");
    await server.close();
    expect((await fetch(`${site.base}/readyz`)).status).toBe(503);
  });

  it("leaves the application running when it closes, with its clients told to go", async () => {
    const { server, site } = await attached(make);
    const raw = await RawSocket.upgraded(server.url);
    const closed = raw.closed();
    await server.close();
    expect((await closed).code).toBe(4000);
    expect(await (await fetch(`${site.base}/page`)).text()).toBe("page");
    expect(site.http.listening).toBe(true);
    expect(site.http.listenerCount("upgrade")).toBe(0);
  });
});

describe("attached", () => {
  it("leaves upgrades to other paths to those who listen for them", async () => {
    const { server, site } = await attached(kinds["node:http"]!);
    expect(await handshakeStatus(`${site.base.replace("http", "ws")}/other`)).toBe(404);
    const others = new WebSocketServer({ noServer: true });
    site.http.on("upgrade", (request, socket, head) => {
      if (request.url === "/other") others.handleUpgrade(request, socket, head, (webSocket) => webSocket.close(4321));
    });
    const other = await RawSocket.upgraded(`${site.base.replace("http", "ws")}/other`);
    expect((await other.closed()).code).toBe(4321);
    const client = await Bystander.connect(server.url);
    await client.roundTrip();
    client.leave();
  });

  it("to the path of another listener lets the first one have it, and stays up", async () => {
    const { server, site } = await attached(kinds["node:http"]!);
    const same = createServer({
      log: memoryLog(),
      authenticate: anonymous(),
      server: site.http,
      path: "/live",
      logger: silentLogger,
    });
    ends.push(() => same.close());
    await same.listen();
    const client = await Bystander.connect(server.url);
    await client.roundTrip();
    expect([server.connections, same.connections]).toEqual([1, 0]);
    client.leave();
  });

  it("can share an HTTP server with another of its kind, each on its own path and with its own counts", async () => {
    const { server, site } = await attached(kinds["node:http"]!);
    const second = createServer({
      log: memoryLog(),
      authenticate: anonymous(),
      server: site.http,
      path: "/second",
      logger: silentLogger,
    });
    ends.push(() => second.close());
    await second.listen();
    const [one, two] = [await Bystander.connect(server.url), await Bystander.connect(second.url)];
    await Promise.all([one.roundTrip(), two.roundTrip()]);
    expect([server.connections, second.connections]).toEqual([1, 1]);
    await second.close();
    await one.roundTrip();
    one.leave();
  });
});

describe("attached to node:https", () => {
  /** A client's WebSocket that trusts the certificate of the tests. */
  class TrustingWebSocket extends WebSocket {
    constructor(url: string, protocols: string, origin?: string) {
      super(url, protocols, { ca: selfSigned.cert, ...(origin === undefined ? {} : { origin }) });
    }
  }

  async function secured(): Promise<HawserServer> {
    const { server } = await attached(async (handle) => {
      const https = createHttpsServer(selfSigned, (request, response) => {
        if (!handle(request, response)) response.writeHead(404).end();
      });
      await new Promise<void>((resolve) => https.listen(0, "127.0.0.1", resolve));
      ends.push(() => {
        https.closeAllConnections();
        return new Promise<void>((resolve) => https.close(() => resolve()));
      });
      return { http: https, base: `https://127.0.0.1:${(https.address() as AddressInfo).port}` };
    });
    return server;
  }

  it("serves clients over TLS, small messages and large ones", async () => {
    const server = await secured();
    expect(server.url).toMatch(/^wss:\/\/127\.0\.0\.1:\d+\/live$/);
    const connector = webSocketConnector({ WebSocket: TrustingWebSocket });
    const [ann, bob] = [connect(server.url, "", { connector }), connect(server.url, "", { connector })];
    ends.push(() => Promise.all([ann.close(), bob.close()]));
    const messages = bob.channel("chat").subscribe({ from: "earliest" });
    const sent = ["hello", "x".repeat(200_000), "last"];
    for (const text of sent) expect(await ann.channel("chat").publish(text)).toMatchObject({ duplicate: false });
    const got: unknown[] = [];
    for await (const { data } of messages) if (got.push(data) === sent.length) break;
    expect(got).toEqual(sent);
  });

  it("lets in pages of its own origin over TLS only", async () => {
    const server = await secured();
    const { host } = new URL(server.url);
    const status = (origin: string): Promise<number> =>
      new Promise((resolve) => {
        const socket = new TrustingWebSocket(server.url, "hawser.v1", origin);
        socket.on("error", () => {});
        socket.on("upgrade", ({ statusCode = 0 }) => resolve(statusCode));
        socket.on("unexpected-response", (_request, { statusCode = 0 }) => resolve(statusCode));
        ends.push(() => socket.terminate());
      });
    expect(await status(`https://${host}`)).toBe(101);
    expect(await status(`http://${host}`)).toBe(403);
  });
});
