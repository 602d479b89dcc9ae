import type { HawserServer } from "@hawser/server";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { numbered, Reader } from "../moves/cluster.ts";
import { Nodes } from "./shared-log.ts";

let nodes: Nodes;
beforeEach(async () => void (nodes = await Nodes.open()));
afterEach(() => nodes.close());

/** Of the node itself. */
const sessionsOf = ({ cluster }: HawserServer): number => cluster.nodes()[0]!.sessions;

/** However slow the machine is. */
const patiently = { timeout: 20_000, interval: 20 };

const clients = 200;
const messages = 300;

describe("a node that joins", () => {
  it(
    "takes its share of the clients, and none of them misses a message or has one twice",
    { timeout: 60_000 },
    async () => {
      const first = await nodes.add();
      const second = await nodes.add();
      const readers = Array.from({ length: clients }, (_, index) => {
        const client = nodes.client(index % 2 === 0 ? first : second, `user-${index}`);
        return new Reader(client, "chat", "now");
      });
      await Promise.all(readers.map(({ subscribed }) => subscribed));
      await expect.poll(() => sessionsOf(first) + sessionsOf(second), patiently).toBe(clients);
      let published = 0;
      const next = async (): Promise<void> => void (await first.publish("chat", `said-${published++}`));
      for (let count = 0; count < messages / 3; count += 1) await next();

      const third = await nodes.add();
      const isEven = (): boolean => {
        const counts = [first, second, third].map(sessionsOf);
        return (
          counts.every((count) => Math.abs(count - clients / 3) <= 12) &&
          counts.reduce((sum, count) => sum + count) === clients
        );
      };
      // Spoken into all the time while clients move.
      while (!isEven()) {
        await next();
        await readers[0]!.reached(published);
      }
      for (let count = 0; count < messages / 3; count += 1) await next();
      await Promise.all(readers.map((reader) => reader.reached(published)));

      const expected = numbered("said", published);
      for (const reader of readers) {
        expect(reader.of("said")).toEqual(expected);
        expect(reader.told).toEqual([]);
      }
      expect(third.cluster.counts).toMatchObject({ nodes: 3 });
    },
  );
});

describe("the nodes of a log", () => {
  it(
    "end the sessions of a user wherever they are, and send clients to each other in a drain",
    { timeout: 60_000 },
    async () => {
      const keys = [{ name: "tests", key: "a-key-of-the-tests-of-the-cluster-0" }];
      const first = await nodes.add();
      const second = await nodes.add({ api: { keys } });
      await expect.poll(() => second.cluster.counts.nodes, patiently).toBe(2);
      const ann = nodes.client(first, "ann");
      const bob = nodes.client(first, "bob");
      await Promise.all([new Reader(ann, "chat").subscribed, new Reader(bob, "chat").subscribed]);
      const ended = new Promise<string>((resolve) => {
        ann.addEventListener("error", ({ error }) => resolve(error.code));
      });
      const answer = await fetch(`${second.url.replace("ws", "http")}/api/v1/users/ann/disconnect`, {
        method: "POST",
        headers: { authorization: `Bearer ${keys[0]!.key}` },
      });
      expect(await answer.json()).toEqual({ nodes: 2 });
      expect(await ended).toBe("disconnected");
      await expect.poll(() => sessionsOf(first), patiently).toBe(1);
      await first.drain({ overMs: 1_000 });
      await expect.poll(() => sessionsOf(second), patiently).toBe(1);
    },
  );
});
