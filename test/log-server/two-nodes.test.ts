import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Client, Position, ReceivedMessage } from "@hawser/client";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { connect, wholeLog } from "../support/clients.ts";
import { HawserProcess } from "../support/hawser-process.ts";

const configuration = (name: string): string[] => [
  "--config",
  fileURLToPath(new URL(`../support/${name}.config.ts`, import.meta.url)),
];
const clients: Client[] = [];
let owner: HawserProcess;
let other: HawserProcess;

beforeAll(async () => {
  owner = await HawserProcess.start(configuration("log-owner"));
  other = await HawserProcess.start(configuration("log-user"), { LOG_SOCKET: join(owner.folder, "log.sock") });
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
});

afterAll(async () => {
  await other.remove();
  await owner.remove();
});

function open(name: string, ...urls: [string, ...string[]]): Client {
  const client = connect(urls[0], name, { url: urls });
  clients.push(client);
  return client;
}

/** Publishes `name-0`, `name-1`, ... with a few in flight. */
async function publish(client: Client, name: string, channel: string, count: number): Promise<void> {
  for (let first = 0; first < count; first += 10) {
    const numbers = Array.from({ length: 10 }, (_, index) => first + index);
    await Promise.all(numbers.map((n) => client.channel(channel).publish(`${name}-${n}`)));
  }
}

interface Reading {
  readonly messages: ReceivedMessage<unknown>[];
  readonly told: string[];
  /** Resolves with as many messages as were asked for. */
  readonly done: Promise<void>;
}

function read(client: Client, channel: string, count: number, from: Position | "earliest" = "earliest"): Reading {
  const subscription = client.channel(channel).subscribe({ from });
  const messages: ReceivedMessage<unknown>[] = [];
  const told: string[] = [];
  subscription.addEventListener("lost", () => told.push("lost"));
  subscription.addEventListener("reset", (event) => told.push(`reset ${event.reason}`));
  const done = (async () => {
    for await (const message of subscription) {
      messages.push(message);
      if (messages.length === count) return;
    }
  })();
  return { messages, told, done };
}

const positions = (messages: readonly ReceivedMessage<unknown>[]): unknown[] =>
  messages.map(({ position, data }) => [position.offset, data]);

describe("two nodes in two processes on one served log", () => {
  it("show their clients one order, in which each publisher's own order holds", async () => {
    const readers = [owner, other].map((node, index) => read(open(`reader-${index}`, node.url), "chat.order", 2_000));
    await Promise.all(
      [owner, other, owner, other].map((node, index) =>
        publish(open(`w${index}`, node.url), `w${index}`, "chat.order", 500),
      ),
    );
    await Promise.all(readers.map(({ done }) => done));
    const [first, second] = readers;
    expect(positions(second!.messages)).toEqual(positions(first!.messages));
    for (let index = 0; index < 4; index += 1) {
      const own = first!.messages.map(({ data }) => data as string).filter((text) => text.startsWith(`w${index}-`));
      expect(own).toEqual(Array.from({ length: 500 }, (_, n) => `w${index}-${n}`));
    }
    for (const { told } of readers) expect(told).toEqual([]);
  });

  it("resume on one what was read on the other, both ways", async () => {
    await publish(open("writer", other.url), "w", "chat.resume", 300);
    let from: Position | "earliest" = "earliest";
    const seen: unknown[] = [];
    for (let part = 0; part < 6; part += 1) {
      const client = open(`reader-${part}`, (part % 2 === 0 ? other : owner).url);
      const reading = read(client, "chat.resume", 50, from);
      await reading.done;
      expect(reading.told).toEqual([]);
      seen.push(...reading.messages.map(({ data }) => data));
      from = reading.messages.at(-1)!.position;
    }
    expect(seen).toEqual(Array.from({ length: 300 }, (_, n) => `w-${n}`));
  });

  it("lose, double and disorder nothing when the node that borrows the log is killed under its clients", async () => {
    const both = [other.url, owner.url] as const;
    const readers = [
      read(open("reader-0", ...both), "chat.node", 1_000),
      read(open("reader-1", owner.url), "chat.node", 1_000),
    ];
    const publishing = publish(open("writer", ...both), "w", "chat.node", 1_000);
    await reached(readers[0]!, 300);
    await other.kill();
    await Promise.all([publishing, ...readers.map(({ done }) => done)]);
    await other.start();
    for (const { messages, told } of readers) {
      expect(told).toEqual([]);
      expect(messages.map(({ data }) => data)).toEqual(Array.from({ length: 1_000 }, (_, n) => `w-${n}`));
    }
  });

  it("lose, double and disorder nothing when the node that owns the log is killed and started again", async () => {
    const reader = open("reader", other.url);
    const reading = read(reader, "chat.owner", 1_000);
    const publishing = publish(open("writer", other.url), "w", "chat.owner", 1_000);
    for (const count of [200, 500, 800]) {
      await reached(reading, count);
      await owner.kill();
      await owner.start();
    }
    await Promise.all([publishing, reading.done]);
    expect(reading.told).toEqual([]);
    expect(reading.messages.map(({ data }) => data)).toEqual(Array.from({ length: 1_000 }, (_, n) => `w-${n}`));
    const log = await wholeLog(open("auditor", owner.url).channel("chat.owner"));
    expect(positions(log)).toEqual(positions(reading.messages));
  });
});

/** Resolves when that many were read: looked at with each turn of the event loop. */
async function reached({ messages }: Reading, count: number): Promise<void> {
  while (messages.length < count) await new Promise((resolve) => setImmediate(resolve));
}
