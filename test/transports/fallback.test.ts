import { fallbackConnector, httpPollingConnector, httpStreamConnector, webSocketConnector } from "@hawser/client";
import type { Client, FallbackOptions } from "@hawser/client";
import { memoryLog } from "@hawser/log";
import { anonymous, createServer, silentLogger } from "@hawser/server";
import type { HawserServer } from "@hawser/server";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { connect } from "../support/clients.ts";
import { HttpProxy } from "../support/http-proxy.ts";
import type { HttpProxyOptions } from "../support/http-proxy.ts";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function behind(options: HttpProxyOptions): Promise<{ server: HawserServer; proxy: HttpProxy }> {
  const server = createServer({
    log: memoryLog(),
    authenticate: anonymous({ allowNames: true }),
    port: 0,
    host: "127.0.0.1",
    logger: silentLogger,
  });
  await server.listen();
  ends.push(() => server.close());
  const proxy = await HttpProxy.to([Number(new URL(server.url).port)], options);
  ends.push(() => proxy.close());
  return { server, proxy };
}

const chain = (options: FallbackOptions = {}) =>
  fallbackConnector([webSocketConnector({ WebSocket }), httpStreamConnector(), httpPollingConnector()], {
    patienceMs: 200,
    ...options,
  });

function open(url: string, connector = chain()): Client {
  const client = connect(url, "ann", { connector });
  ends.push(() => client.close());
  return client;
}

/** What the client has, once a message has come through a channel and its transport is known. */
async function used(client: Client, server: HawserServer): Promise<string | undefined> {
  const subscription = client.channel("a").subscribe();
  await new Promise((resolve) => subscription.addEventListener("subscribed", resolve, { once: true }));
  await server.publish("a", 1);
  for await (const { data } of subscription) {
    expect(data).toBe(1);
    break;
  }
  return client.status.connections.at(-1)?.transport;
}

describe("the chain of transports", () => {
  it.each<readonly [string, HttpProxyOptions, string]>([
    ["uses the WebSocket where it gets through", {}, "websocket"],
    [
      "goes on by an HTTP stream where the handshake is answered as a plain request",
      { upgrades: "strip" },
      "http-stream",
    ],
    ["goes on by an HTTP stream where the WebSocket opens and brings nothing", { upgrades: "swallow" }, "http-stream"],
    ["goes on by long polls where answers are held back, too", { upgrades: "strip", buffers: true }, "http-polling"],
  ])("%s", async (_, options, transport) => {
    const { server, proxy } = await behind(options);
    expect(await used(open(proxy.url), server)).toBe(transport);
  });

  it("remembers for the next connection what got through", async () => {
    const { server, proxy } = await behind({ upgrades: "swallow" });
    const client = open(proxy.url);
    expect(await used(client, server)).toBe("http-stream");
    const before = proxy.requests.length;
    client.reconnect();
    expect(await used(client, server)).toBe("http-stream");
    expect(proxy.requests.slice(before).every(({ path }) => path !== "/hawser")).toBe(true);
  });

  it("tries the first kind again after its time", async () => {
    const { server, proxy } = await behind({ upgrades: "strip" });
    const kept = new Map([[`hawser.transport:${proxy.url}`, JSON.stringify({ name: "http-stream", at: 1_000 })]]);
    const store = {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
      removeItem: (key: string) => void kept.delete(key),
    };
    expect(await used(open(server.url, chain({ store })), server)).toBe("websocket");
    expect(await used(open(proxy.url, chain({ store })), server)).toBe("http-stream");
    expect(JSON.parse(kept.get(`hawser.transport:${proxy.url}`)!).at).toBeGreaterThan(1_000);
    expect(kept.size).toBe(1);
  });
});
