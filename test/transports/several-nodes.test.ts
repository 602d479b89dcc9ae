import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { httpPollingConnector, httpStreamConnector } from "@hawser/client";
import type { Client, Connector, ReceivedMessage } from "@hawser/client";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { connect, wholeLog } from "../support/clients.ts";
import { HawserProcess } from "../support/hawser-process.ts";
import { HttpProxy } from "../support/http-proxy.ts";
import type { HttpProxyOptions } from "../support/http-proxy.ts";

const configuration = (name: string): string[] => [
  "--config",
  fileURLToPath(new URL(`../support/${name}.config.ts`, import.meta.url)),
];
const ends: (() => Promise<unknown>)[] = [];
let owner: HawserProcess;
let other: HawserProcess;

beforeAll(async () => {
  owner = await HawserProcess.start(configuration("log-owner"));
  other = await HawserProcess.start(configuration("log-user"), { LOG_SOCKET: join(owner.folder, "log.sock") });
});

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

afterAll(async () => {
  await other.remove();
  await owner.remove();
});

async function openProxy(options: HttpProxyOptions = {}): Promise<HttpProxy> {
  const proxy = await HttpProxy.to([owner.port, other.port], options);
  ends.push(() => proxy.close());
  return proxy;
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

async function publishAll(client: Client, channel: string, count: number): Promise<void> {
  for (let first = 0; first < count; first += 10) {
    await Promise.all(upTo(10).map((n) => client.channel(channel).publish(first + n)));
  }
}

/** Collects messages with what else is told; resolves when there are as many as asked for. */
function read(client: Client, channel: string, count: number): { got: unknown[]; told: string[]; done: Promise<void> } {
  // A small window, so that its credit is renewed often, each time by a stream on the next node.
  const subscription = client.channel(channel).subscribe({ from: "earliest" });
  const got: unknown[] = [];
  const told: string[] = [];
  subscription.addEventListener("lost", () => told.push("lost"));
  subscription.addEventListener("reset", ({ reason }) => told.push(`reset ${reason}`));
  const done = (async () => {
    for await (const { data } of subscription as AsyncIterable<ReceivedMessage>) {
      got.push(data);
      if (got.length === count) return;
    }
  })();
  return { got, told, done };
}

const kinds: readonly (readonly [name: string, connector: () => Connector, proxy: HttpProxyOptions])[] = [
  ["an HTTP stream", () => httpStreamConnector(), {}],
  ["server-sent events", () => httpStreamConnector({ events: true }), {}],
  ["long polls", () => httpPollingConnector(), {}],
  ["long polls through a proxy that holds answers back", () => httpPollingConnector(), { buffers: true }],
];

describe.each(kinds)("%s, every request to the next of two nodes that share a log", (name, connector, options) => {
  it("loses, doubles and disorders nothing, and each node serves a part [HTTP-1]", async () => {
    const proxy = await openProxy(options);
    const open = (user: string): Client => {
      const client = connect(proxy.url, user, { connector: connector(), windowBytes: 4_096 });
      ends.push(() => client.close());
      return client;
    };
    const [reader, writer] = [open("reader"), open("writer")];
    const channels = [`${name} a`, `${name} b`, `${name} c`].map((text) => text.replaceAll(/\W/g, "-"));
    const readings = channels.map((channel) => read(reader, channel, 300));
    await Promise.all(channels.map((channel) => publishAll(writer, channel, 300)));
    await Promise.all(readings.map(({ done }) => done));
    for (const { got, told } of readings) {
      expect(got).toEqual(upTo(300));
      expect(told).toEqual([]);
    }
    for (const channel of channels) {
      expect((await wholeLog(writer.channel(channel))).map(({ data }) => data)).toEqual(upTo(300));
    }
    expect([reader.statistics.connects, writer.statistics.connects]).toEqual([1, 1]);
    for (const kind of ["requests", name.startsWith("long") ? "poll" : "stream"]) {
      const ports = proxy.requests.filter(({ path }) => path === `/hawser/${kind}`).map(({ port }) => port);
      expect(new Set(ports)).toEqual(new Set([owner.port, other.port]));
    }
  });

  it("goes on when a node is killed", async () => {
    const proxy = await openProxy(options);
    const [reader, writer] = ["reader", "writer"].map((user) => {
      const client = connect(proxy.url, user, { connector: connector() });
      ends.push(() => client.close());
      return client;
    }) as [Client, Client];
    const channel = `killed-${name}`.replaceAll(/\W/g, "-");
    const reading = read(reader, channel, 600);
    const publishing = publishAll(writer, channel, 600);
    while (reading.got.length < 200) await new Promise((resolve) => setImmediate(resolve));
    await other.kill();
    try {
      while (reading.got.length < 400) await new Promise((resolve) => setImmediate(resolve));
    } finally {
      await other.start();
    }
    await Promise.all([publishing, reading.done]);
    expect(reading.got).toEqual(upTo(600));
    expect(reading.told).toEqual([]);
  });
});

it("an answer that a proxy ends for its age is followed by the next one, and the session does not notice [HTTP-9]", async () => {
  const proxy = await openProxy();
  const client = connect(proxy.url, "reader", { connector: httpStreamConnector() });
  ends.push(() => client.close());
  const writer = connect(owner.url, "writer");
  ends.push(() => writer.close());
  const reading = read(client, "aged", 30);
  for (const count of [10, 20, 30]) {
    await publishAll(writer, "aged", 10);
    while (reading.got.length < count) await new Promise((resolve) => setImmediate(resolve));
    proxy.endAnswers();
  }
  await reading.done;
  expect(client.statistics.connects).toBe(1);
  expect(reading.told).toEqual([]);
});
