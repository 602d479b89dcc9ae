import { memoryLog } from "@hawser/log";
import { anonymous, createServer, silentLogger } from "@hawser/server";
import type { HawserServer } from "@hawser/server";
import { describe, expect, it } from "vitest";
import type { AtEnd } from "../support/at-end.ts";
import { connect } from "../support/clients.ts";
import { FaultProxy } from "../support/fault-proxy.ts";
import { sessionTransports } from "../support/transports.ts";
import type { SessionTransport } from "../support/transports.ts";

const count = 1_000;

async function serve(transport: SessionTransport, atEnd: AtEnd): Promise<HawserServer> {
  const server = createServer({
    log: memoryLog(),
    authenticate: anonymous({ allowNames: true }),
    port: 0,
    host: "127.0.0.1",
    logger: silentLogger,
    limits: { heartbeatMs: 800 },
    ...transport.server,
  });
  atEnd(() => server.close());
  await server.listen();
  return server;
}

async function wayTo(address: string, atEnd: AtEnd, delayMs = 0): Promise<FaultProxy> {
  const proxy = await FaultProxy.to(Number(new URL(address).port), { delayMs });
  atEnd(() => proxy.close());
  return proxy;
}

// Most of the time is spent waiting for what does not come, so that several wait at once.
describe.concurrent.each(sessionTransports)("over $name", (transport) => {
  it.for([
    { way: "up", connections: 1 },
    { way: "down", connections: 1 },
    { way: "up", connections: 2 },
    { way: "down", connections: 2 },
  ] as const)(
    "a way that lets nothing through $way is left for another one, without a loss, with $connections connections",
    async ({ way, connections }, { onTestFinished }) => {
      const server = await serve(transport, onTestFinished);
      const address = transport.urlOf(server);
      const ways = [await wayTo(address, onTestFinished), await wayTo(address, onTestFinished)];
      const url = ways.map((proxy) => proxy.urlOf(address));
      const connector = transport.connector();
      const client = connect(url[0]!, "ann", { url, connections, connector, connectTimeoutMs: 1_000 });
      onTestFinished(() => client.close());
      const subscription = client.channel("chat").subscribe({ from: "earliest" });
      const told: string[] = [];
      subscription.addEventListener("lost", () => told.push("lost"));
      subscription.addEventListener("reset", () => told.push("reset"));
      const seen: unknown[] = [];
      const reading = (async () => {
        for await (const { data } of subscription) if (seen.push(data) === count) break;
      })();
      for (let n = 0; n < count / 2; n += 1) await client.channel("chat").publish(n);
      ways[0]!.stall(way);
      for (let n = count / 2; n < count; n += 1) await client.channel("chat").publish(n);
      await reading;
      expect(told).toEqual([]);
      expect(seen).toEqual(Array.from({ length: count }, (_, n) => n));
    },
  );

  it("a long way is measured", async ({ onTestFinished }) => {
    const server = await serve(transport, onTestFinished);
    const proxy = await wayTo(transport.urlOf(server), onTestFinished, 40);
    const client = connect(proxy.urlOf(transport.urlOf(server)), "ann", { connector: transport.connector() });
    onTestFinished(() => client.close());
    const roundTripMs = await new Promise<number>((resolve) =>
      client.addEventListener("status", ({ status }) => {
        const measured = status.connections[0]?.roundTripMs;
        if (measured !== undefined) resolve(measured);
      }),
    );
    expect(roundTripMs).toBeGreaterThanOrEqual(79);
  });
});

// Over HTTP no client confirms (HTTP-7): a stream that vanished is found by the kernel, much later.
const confirming = sessionTransports.filter(({ name }) => !name.startsWith("HTTP"));

describe.concurrent.each(confirming)("over $name", (transport) => {
  it("a connection of which nobody hears any more gives its place at the server back", async ({
    onTestFinished,
    expect,
  }) => {
    const server = await serve(transport, onTestFinished);
    const proxy = await wayTo(transport.urlOf(server), onTestFinished);
    const url = proxy.urlOf(transport.urlOf(server));
    const client = connect(url, "ann", { connector: transport.connector() });
    onTestFinished(() => client.close());
    await client.channel("chat").publish("hello");
    expect(server.connections).toBe(1);
    client.goOffline();
    await expect.poll(() => server.connections).toBe(0);
    client.goOnline();
    await client.channel("chat").publish("again");
    proxy.endAll("vanish");
    client.goOffline();
    expect(server.connections).toBe(1);
    await expect.poll(() => server.connections, { timeout: 30_000 }).toBe(0);
  });
});
