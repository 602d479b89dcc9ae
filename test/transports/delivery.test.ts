import { enterPresence, readHistory, watchPresence } from "@hawser/client";
import type { Client, ReceivedMessage, Subscription } from "@hawser/client";
import { memoryLog } from "@hawser/log";
import { HawserError } from "@hawser/protocol";
import { createServer, silentLogger } from "@hawser/server";
import type { HawserServer, ServerOptions } from "@hawser/server";
import { afterEach, describe, expect, it } from "vitest";
import { connect, wholeLog } from "../support/clients.ts";
import { HawserProcess } from "../support/hawser-process.ts";
import { HttpProxy } from "../support/http-proxy.ts";
import { webTransports } from "../support/transports.ts";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

/** A server in which the token is the user's name, and "guest" may only read `open.*`. */
async function serve(options: Partial<ServerOptions> = {}): Promise<HawserServer> {
  const server = createServer({
    log: memoryLog(),
    authenticate: ({ token }) => {
      if (token === "bad") throw new HawserError("token-invalid", "No.");
      return { user: token };
    },
    port: 0,
    host: "127.0.0.1",
    logger: silentLogger,
    ...options,
  });
  await server.listen();
  ends.push(() => server.close());
  return server;
}

async function proxyTo(server: { readonly url: string }): Promise<HttpProxy> {
  const proxy = await HttpProxy.to([Number(new URL(server.url).port)]);
  ends.push(() => proxy.close());
  return proxy;
}

interface Reading {
  readonly subscription: Subscription;
  readonly messages: ReceivedMessage[];
  readonly told: string[];
  /** Resolves with as many messages as were asked for. */
  readonly done: Promise<void>;
}

function read(client: Client, channel: string, count: number): Reading {
  const subscription = client.channel(channel).subscribe({ from: "earliest" });
  const messages: ReceivedMessage[] = [];
  const told: string[] = [];
  subscription.addEventListener("lost", () => told.push("lost"));
  subscription.addEventListener("reset", (event) => told.push(`reset ${event.reason}`));
  const done = (async () => {
    for await (const message of subscription) {
      messages.push(message);
      if (messages.length === count) return;
    }
  })();
  return { subscription, messages, told, done };
}

async function publishAll(client: Client, channel: string, count: number, atOnce = 20): Promise<void> {
  for (let first = 0; first < count; first += atOnce) {
    const numbers = Array.from({ length: Math.min(atOnce, count - first) }, (_, index) => first + index);
    await Promise.all(numbers.map((n) => client.channel(channel).publish(n)));
  }
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
const dataOf = (messages: readonly ReceivedMessage[]): unknown[] => messages.map(({ data }) => data);
/** Resolves when that many were read. */
async function reached({ messages }: Reading, count: number): Promise<void> {
  while (messages.length < count) await new Promise((resolve) => setImmediate(resolve));
}

describe.each(webTransports)("over $name", ({ connector }) => {
  const open = (url: string, token: string, more: Parameters<typeof connect>[2] = {}): Client => {
    const client = connect(url, token, { connector: connector(), ...more });
    ends.push(() => client.close());
    return client;
  };

  it("every message of several channels comes once and in order, and the status names the transport", async () => {
    const server = await serve();
    const [reader, writer] = [open(server.url, "reader"), open(server.url, "writer")];
    const channels = ["a", "b", "c"];
    const readings = channels.map((channel) => read(reader, channel, 200));
    await Promise.all(channels.map((channel) => publishAll(writer, channel, 200)));
    await Promise.all(readings.map(({ done }) => done));
    for (const { messages, told } of readings) {
      expect(dataOf(messages)).toEqual(upTo(200));
      expect(told).toEqual([]);
    }
    expect(reader.status.connections.map(({ transport }) => transport)).toEqual([connector().name]);
    expect(reader.status.connections[0]?.roundTripMs).toBeGreaterThan(0);
    expect(reader.statistics.connects).toBe(1);
  });

  it("a connection that is reset over and over loses, doubles and disorders nothing", async () => {
    const server = await serve();
    const proxy = await proxyTo(server);
    const [reader, writer] = [open(proxy.url, "reader"), open(proxy.url, "writer")];
    const reading = read(reader, "a", 1_000);
    const publishing = publishAll(writer, "a", 1_000);
    for (const count of [100, 300, 500, 700, 900]) {
      await reached(reading, count);
      proxy.cut();
    }
    await Promise.all([publishing, reading.done]);
    expect(dataOf(reading.messages)).toEqual(upTo(1_000));
    expect(dataOf(await wholeLog(writer.channel("a")))).toEqual(upTo(1_000));
    expect(reading.told).toEqual([]);
  });

  it("calls and pages of history are answered side by side, and errors by their code", async () => {
    const server = await serve({
      calls: {
        add: (request) => (request as number[]).reduce((sum, n) => sum + n, 0),
        fail: () => {
          throw new HawserError("app-broken", "It broke.");
        },
      },
    });
    const client = open(server.url, "ann");
    await publishAll(client, "a", 50);
    const calls = upTo(40).map((n) => client.call("add", [n, 1]));
    const page = readHistory(client.channel("a"), { after: { epoch: 0, offset: 0 }, limit: 30 });
    expect(await Promise.all(calls)).toEqual(upTo(40).map((n) => n + 1));
    expect(dataOf((await page).messages)).toEqual(upTo(30));
    await expect(client.call("fail", 1)).rejects.toMatchObject({ code: "app-broken" });
    await expect(client.call("none", 1)).rejects.toMatchObject({ code: "method-unknown" });
  });

  it("a call that is cancelled aborts its handler", async () => {
    let begun = (): void => {};
    const running = new Promise<void>((resolve) => (begun = resolve));
    let aborted = (): void => {};
    const stopped = new Promise<void>((resolve) => (aborted = resolve));
    const server = await serve({
      calls: {
        wait: (_request, { signal }) => {
          signal.addEventListener("abort", aborted);
          begun();
          return new Promise(() => {});
        },
      },
    });
    const client = open(server.url, "ann");
    const abort = new AbortController();
    const call = client.call("wait", 1, { signal: abort.signal });
    const failure = call.then(
      () => undefined,
      (error: unknown) => error,
    );
    await running;
    abort.abort();
    expect(await failure).toMatchObject({ code: "cancelled" });
    await stopped;
  });

  it("a reader who does not read is sent no more than his window, and gets the rest when he does", async () => {
    const server = await serve();
    const [reader, writer] = [open(server.url, "reader", { windowBytes: 4_096 }), open(server.url, "writer")];
    const subscription = reader.channel("slow").subscribe({ from: "earliest" });
    await new Promise((resolve) => subscription.addEventListener("subscribed", resolve, { once: true }));
    const text = "x".repeat(1_000);
    for (let n = 0; n < 100; n += 1) await writer.channel("slow").publish({ n, text });
    // What the server was given to send has come by the time that another channel of the connection has its message.
    const other = read(reader, "quick", 1);
    await writer.channel("quick").publish(0);
    await other.done;
    expect(reader.statistics.bytesIn).toBeLessThan(20_000);
    const numbers: unknown[] = [];
    for await (const { data } of subscription) {
      numbers.push((data as { n: number }).n);
      if (numbers.length === 100) break;
    }
    expect(numbers).toEqual(upTo(100));
  });

  it("a token that is refused ends the client, and a right that is missing ends the subscription", async () => {
    const server = await serve({
      authorize: ({ verb, name: channel }) => verb !== "subscribe" || channel !== "secret",
    });
    const refused = open(server.url, "bad");
    const error = await new Promise<HawserError>((resolve) =>
      refused.addEventListener("error", (event) => resolve(event.error), { once: true }),
    );
    expect(error.code).toBe("token-invalid");
    const client = open(server.url, "ann");
    const subscription = client.channel("secret").subscribe();
    await expect(subscription[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "forbidden" });
  });

  it("a right that is revoked ends the subscription, and no other", async () => {
    let allowed = true;
    const server = await serve({ authorize: ({ name: channel }) => allowed || channel !== "a" });
    const client = open(server.url, "ann");
    const [ending, staying] = [read(client, "a", 5), read(client, "b", 1)];
    const ended = ending.done.catch((error: unknown) => error);
    await server.publish("a", 0);
    await reached(ending, 1);
    allowed = false;
    await server.refresh("ann");
    expect(await ended).toMatchObject({ code: "forbidden" });
    await server.publish("b", 0);
    await staying.done;
  });

  it("members are seen to come and go, and not that streams take each other's place [HTTP-13]", async () => {
    const presence = { graceMs: 60_000 };
    // Polls that wait are not told who is there: they are asked that when they end.
    const server = await serve({
      channels: [{ pattern: "**", presence }],
      limits: { pollMs: 1_000, heartbeatMs: 5_000 },
    });
    const [watcher, member] = [open(server.url, "watcher"), open(server.url, "member")];
    const here = watchPresence(watcher.channel("a"));
    const seen: string[] = [];
    here.addEventListener("join", ({ member: { user } }) => seen.push(`join ${user}`));
    here.addEventListener("leave", ({ member: { user } }) => seen.push(`leave ${user}`));
    here.addEventListener("update", ({ member: { state } }) => seen.push(`update ${String(state)}`));
    const told = async (count: number): Promise<void> => {
      while (seen.length < count)
        await new Promise((resolve) => here.addEventListener("count", resolve, { once: true }));
    };
    const ready = new Promise((resolve) => here.addEventListener("ready", resolve));
    await ready;
    const me = enterPresence(member.channel("a"), "reading");
    await me.entered;
    await told(1);
    // Each subscription makes another stream, which enters and watches anew.
    for (const name of ["b", "c", "d"]) {
      for (const client of [watcher, member]) {
        const reading = read(client, name, 1);
        await client.channel(name).publish(1);
        await reading.done;
      }
    }
    expect(seen).toEqual(["join member"]);
    await me.close();
    await told(2);
    expect(seen).toEqual(["join member", "leave member"]);
  });

  it("a right to presence that is missing is an error of its own", async () => {
    const server = await serve({
      channels: [{ pattern: "**", presence: true }],
      authorize: ({ verb }) => verb !== "enter" && verb !== "presence",
    });
    const client = open(server.url, "ann");
    const me = enterPresence(client.channel("a"));
    await expect(me.entered).rejects.toMatchObject({ code: "forbidden" });
    const here = watchPresence(client.channel("a"));
    const error = await new Promise((resolve) => here.addEventListener("ended", (event) => resolve(event.error)));
    expect(error).toMatchObject({ code: "forbidden" });
  });

  it("a user who is disconnected does not come back", async () => {
    const server = await serve();
    const client = open(server.url, "ann");
    await client.channel("a").publish(1);
    const ended = new Promise<HawserError>((resolve) =>
      client.addEventListener("error", (event) => resolve(event.error), { once: true }),
    );
    // A poll is between two requests for a moment.
    while ((await server.disconnectUser("ann")) === 0) await new Promise((resolve) => setImmediate(resolve));
    expect((await ended).code).toBe("disconnected");
  });

  it("a fresh token takes the place of the former one without a break", async () => {
    let tokens = 0;
    const server = await serve({
      authenticate: ({ token }) => ({ user: token.split(" ")[0]!, expiresAt: Date.now() + 1_000 }),
    });
    const token = (): string => `ann ${(tokens += 1)}`;
    const client = open(server.url, "", { token });
    const reading = read(client, "a", 3);
    for (const count of [2, 4, 6]) {
      while (tokens < count) await new Promise((resolve) => setImmediate(resolve));
      await server.publish("a", count);
    }
    await reading.done;
    expect(client.statistics.connects).toBe(1);
  });

  it("a server that is killed and started again is gone on with where it stopped", { timeout: 180_000 }, async () => {
    const server = await HawserProcess.start();
    ends.push(() => server.remove());
    const [reader, writer] = [open(server.url, "reader"), open(server.url, "writer")];
    const reading = read(reader, "a", 1_000);
    const publishing = publishAll(writer, "a", 1_000);
    for (const count of [200, 500, 800]) {
      await reached(reading, count);
      await server.kill();
      await server.start();
    }
    await Promise.all([publishing, reading.done]);
    expect(dataOf(reading.messages)).toEqual(upTo(1_000));
    expect(reading.told).toEqual([]);
  });
});
