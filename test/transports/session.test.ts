import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jsonCodec } from "@hawser/client";
import type { Client, ClientOptions, ReceivedMessage, Subscription } from "@hawser/client";
import { memoryLog } from "@hawser/log";
import { lmdbLog } from "@hawser/log-lmdb";
import { systemPorts } from "@hawser/protocol";
import { anonymous, createServer, silentLogger } from "@hawser/server";
import type { HawserServer, ServerOptions } from "@hawser/server";
import { afterEach, describe, expect, it } from "vitest";
import { connect, wholeLog } from "../support/clients.ts";
import { sessionTransports } from "../support/transports.ts";
import type { SessionTransport } from "../support/transports.ts";

const ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function serve(transport: SessionTransport, more: Partial<ServerOptions> = {}): Promise<HawserServer> {
  const server = createServer({
    log: memoryLog(),
    authenticate: anonymous({ allowNames: true }),
    port: 0,
    host: "127.0.0.1",
    logger: silentLogger,
    ...transport.server,
    ...more,
  });
  ends.push(() => server.close());
  await server.listen();
  return server;
}

function open(transport: SessionTransport, server: HawserServer, more: Partial<ClientOptions> = {}): Client {
  const url = transport.urlOf(server);
  const client = connect(url, "ann", { connector: transport.connector(), ...more });
  ends.push(() => client.close());
  return client;
}

async function take<T>(subscription: Subscription<T>, count: number): Promise<ReceivedMessage<T>[]> {
  const messages: ReceivedMessage<T>[] = [];
  for await (const message of subscription) if (messages.push(message) === count) break;
  return messages;
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe.each(sessionTransports)("a session over $name", (transport) => {
  it("publishes, and reads what others publish, in order", async () => {
    const server = await serve(transport);
    const [writer, reader] = [open(transport, server), open(transport, server)];
    const reading = take(reader.channel("chat").subscribe({ from: "earliest" }), 1_000);
    await Promise.all(numbers(1_000).map((n) => writer.channel("chat").publish(n)));
    expect((await reading).map(({ data }) => data)).toEqual(numbers(1_000));
  });

  it("loses, doubles and disorders nothing when its connection is cut again and again", async () => {
    const server = await serve(transport);
    const [writer, reader] = [open(transport, server), open(transport, server)];
    const subscription = reader.channel("chat").subscribe({ from: "earliest" });
    const told: string[] = [];
    subscription.addEventListener("lost", () => told.push("lost"));
    subscription.addEventListener("reset", () => told.push("reset"));
    const seen: unknown[] = [];
    const reading = (async () => {
      for await (const { data } of subscription) {
        seen.push(data);
        if (seen.length % 100 === 50) reader.reconnect();
        if (seen.length === 1_000) return;
      }
    })();
    for (let first = 0; first < 1_000; first += 50) {
      const published = numbers(50).map((n) => writer.channel("chat").publish(first + n));
      writer.reconnect();
      await Promise.all(published);
    }
    await reading;
    expect(seen).toEqual(numbers(1_000));
    expect(told).toEqual([]);
    expect((await wholeLog(reader.channel("chat"))).map(({ data }) => data)).toEqual(numbers(1_000));
  });

  it("carries messages up to the limit of the channel, both ways", async () => {
    const server = await serve(transport, { channels: [{ pattern: "files", maxPayloadBytes: 512 * 1024 }] });
    const client = open(transport, server);
    const reading = take(client.channel("files").subscribe({ from: "earliest" }), 8);
    const files = numbers(8).map((n) => new Uint8Array(512 * 1024).fill(n));
    await Promise.all(files.map((file) => client.channel("files").publish(file)));
    for (const [index, { data }] of (await reading).entries())
      expect(Buffer.compare(files[index]!, data as Uint8Array)).toBe(0);
    const tooLarge = client.channel("files").publish(new Uint8Array(512 * 1024 + 1));
    await expect(tooLarge).rejects.toMatchObject({ code: "message-too-large" });
  });

  it("calls", async () => {
    const server = await serve(transport, { calls: { twice: (request) => Number(request) * 2 } });
    const client = open(transport, server);
    expect(await client.call("twice", 21)).toBe(42);
    await expect(client.call("thrice", 1)).rejects.toMatchObject({ code: "method-unknown" });
  });

  it("waits for a call that takes longer than its heartbeats", async () => {
    const { timers } = systemPorts();
    const later = (): Promise<string> => new Promise((resolve) => timers.after(2_500, () => resolve("at last")));
    const server = await serve(transport, { calls: { later }, limits: { heartbeatMs: 800 } });
    const client = open(transport, server);
    expect(await client.call("later", null)).toBe("at last");
    expect(client.statistics.connects).toBe(1);
  });

  it("speaks JSON as well", async () => {
    const server = await serve(transport);
    const client = open(transport, server, { codec: jsonCodec, connector: transport.connector(jsonCodec) });
    const reading = take(client.channel("chat").subscribe({ from: "earliest" }), 100);
    await Promise.all(numbers(100).map((n) => client.channel("chat").publish({ n, text: "one\ntwo ü" })));
    expect((await reading).map(({ data }) => data)).toEqual(numbers(100).map((n) => ({ n, text: "one\ntwo ü" })));
  });

  it("ends for good when the server refuses its token, with the server's reason", async () => {
    const server = await serve(transport, { authenticate: anonymous() });
    const client = open(transport, server);
    const { error } = await new Promise<{ error: Error }>((resolve) => client.addEventListener("error", resolve));
    expect(error).toMatchObject({ code: "token-invalid" });
    expect(client.status.state).toBe("closed");
  });

  it("is measured, and its connection is seen", async () => {
    const server = await serve(transport, { limits: { heartbeatMs: 100 } });
    const client = open(transport, server);
    await new Promise<void>((resolve) =>
      client.addEventListener("status", ({ status }) => {
        if (status.connections[0]?.roundTripMs !== undefined) resolve();
      }),
    );
    expect(client.status.connections).toMatchObject([{ state: "connected", endpoint: transport.urlOf(server) }]);
  });

  it("comes back to a server that was closed and is there again", async () => {
    const port = Number(new URL(transport.urlOf(await serve(transport))).port);
    await ends.pop()!();
    const folder = await mkdtemp(join(tmpdir(), "hawser-"));
    ends.push(() => rm(folder, { recursive: true }));
    const again = (): Partial<ServerOptions> => ({
      log: lmdbLog({ path: folder }),
      ...(transport.server.tcp === undefined ? { port } : { tcp: { ...transport.server.tcp, port } }),
    });
    const first = await serve(transport, again());
    const client = open(transport, first);
    await client.channel("chat").publish("before");
    await first.close();
    const published = client.channel("chat").publish("after");
    const second = await serve(transport, again());
    await published;
    expect((await wholeLog(open(transport, second).channel("chat"))).map(({ data }) => data)).toEqual([
      "before",
      "after",
    ]);
  });
});
