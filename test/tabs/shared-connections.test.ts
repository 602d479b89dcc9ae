import type { Client } from "@hawser/client";
import { afterEach, describe, expect, it } from "vitest";
import { Cleanup, serve } from "../command/hawser-process.ts";
import { Cluster, numbered, Reader } from "../moves/cluster.ts";
import { HttpProxy } from "../support/http-proxy.ts";
import { countsOf, NodeTabs } from "./node-tabs.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const channel = "chat.general";
const names = ["one", "two", "three", "four"];
/** How many messages each of them publishes. */
const count = 200;

/** Four clients of one user, each in a tab, which reads the channel. */
async function openTabs(...urls: [string, ...string[]]): Promise<{ clients: Client[]; readers: Reader[] }> {
  const tabs = new NodeTabs();
  const clients = names.map(() => tabs.open("ann", ...urls));
  cleanup.add(() => Promise.all(clients.map((client) => client.close())));
  const readers = clients.map((client) => new Reader(client, channel));
  await Promise.all(readers.map(({ subscribed }) => subscribed));
  return { clients, readers };
}

/** Each publishes its own numbers, ten at a time, with `meanwhile` while they are under way. */
async function publish(clients: readonly Client[], meanwhile: (lot: number) => void): Promise<void> {
  for (let lot = 0; lot < count / 10; lot += 1) {
    const numbers = Array.from({ length: 10 }, (_, index) => lot * 10 + index);
    const published = clients.map((client, tab) =>
      Promise.all(numbers.map((number) => client.channel(channel).publish(`${names[tab]}-${number}`))),
    );
    meanwhile(lot);
    await Promise.all(published);
  }
}

/** Everybody has everything, in the log's order, in which each publisher's own order holds. */
async function expectWhole(readers: readonly Reader[]): Promise<void> {
  await Promise.all(readers.map((reader) => reader.reached(count * names.length)));
  for (const reader of readers) {
    expect(reader.placed).toEqual(readers[0]!.placed);
    expect(reader.told).toEqual([]);
  }
  for (const name of names) expect(readers[0]!.of(name)).toEqual(numbered(name, count));
}

describe("tabs on one physical connection", () => {
  it("get every message once and in order while it is reset again and again", async () => {
    const { server, url } = await serve(["--port", "0", "--memory", "--no-page"]);
    cleanup.process(server);
    const proxy = await HttpProxy.to([Number(new URL(url).port)]);
    cleanup.add(() => proxy.close());
    const { clients, readers } = await openTabs(proxy.url);
    expect(await countsOf(url)).toEqual({ sockets: 1, streams: 4 });
    await publish(clients, () => proxy.cut());
    await expectWhole(readers);
    for (const client of clients) expect(client.statistics.resumes).toBeGreaterThan(5);
    await expect.poll(() => countsOf(url)).toEqual({ sockets: 1, streams: 4 });
  });

  it("move to another node together when theirs drains, and lose nothing", async () => {
    const cluster = await Cluster.start(cleanup);
    const [here, there] = [await cluster.node(), await cluster.node()];
    const { clients, readers } = await openTabs(here.url, there.url);
    expect(await countsOf(here.url)).toEqual({ sockets: 1, streams: 4 });
    let stopped: Promise<unknown> = Promise.resolve();
    await publish(clients, (lot) => {
      if (lot === 5) stopped = here.process.stop();
    });
    await stopped;
    await expectWhole(readers);
    expect(await countsOf(there.url)).toEqual({ sockets: 1, streams: 4 });
  });
});
