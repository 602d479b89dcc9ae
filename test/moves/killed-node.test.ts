import type { Client } from "@hawser/client";
import { afterEach, describe, expect, it } from "vitest";
import { Cleanup } from "../command/hawser-process.ts";
import { Cluster, numbered, Reader } from "./cluster.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const sessions = 40;
const messages = 50;

const endpointsOf = (one: Client): string[] =>
  one.status.connections.filter(({ state }) => state === "connected").map(({ endpoint }) => endpoint);

describe("a node of two that is killed under its clients", () => {
  it("takes nothing with it: every session goes on with the other one, and each message comes once and in order", async () => {
    const cluster = await Cluster.start(cleanup);
    const [a, b] = [await cluster.node(), await cluster.node()];
    const clients = Array.from({ length: sessions }, (_, index) =>
      index % 2 === 0 ? cluster.client(`s${index}`, a.url, b.url) : cluster.client(`s${index}`, b.url, a.url),
    );
    const readers = clients.map((client) => new Reader(client, "killed"));
    const publishing = clients.map(async (client, index) => {
      for (let number = 0; number < messages; number += 1)
        await client.channel("killed").publish(`s${index}-${number}`);
    });
    await readers[0]!.reached(sessions * messages * 0.3);
    expect(endpointsOf(clients[0]!)).toEqual([a.url]);
    a.process.child.kill("SIGKILL");
    await Promise.all(publishing);
    await Promise.all(readers.map((reader) => reader.reached(sessions * messages)));
    for (const client of clients) expect(endpointsOf(client)).toEqual([b.url]);
    for (const reader of readers) {
      expect(reader.told).toEqual([]);
      expect(reader.placed).toEqual(readers[0]!.placed);
    }
    for (const index of clients.keys()) expect(readers[0]!.of(`s${index}`)).toEqual(numbered(`s${index}`, messages));
    expect(readers[0]!.messages).toHaveLength(sessions * messages);
  });
});
