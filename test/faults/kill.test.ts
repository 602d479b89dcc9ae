import type { Client, ReceivedMessage } from "@hawser/client";
import { afterAll, beforeAll, expect, it } from "vitest";
import { connect, wholeLog } from "../support/clients.ts";
import { HawserProcess } from "../support/hawser-process.ts";

const publishers = 10;
const subscribers = 20;
const channels = ["ch.1", "ch.2", "ch.3", "ch.4", "ch.5"];
const publishes = 20_000;
const kills = 20;

interface Numbered {
  readonly by: string;
  readonly n: number;
}

let server: HawserProcess;
const clients: Client[] = [];

beforeAll(async () => {
  server = await HawserProcess.start();
});

afterAll(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await server.remove();
});

const open = (name: string): Client => {
  const client = connect(server.url, name);
  clients.push(client);
  return client;
};

/** Publishes its share in order, with some messages in flight, and tells of each that was accepted. */
async function publishAll(
  client: Client,
  by: string,
  onAccepted: (channel: string, message: Numbered, offset: number | undefined) => void,
): Promise<void> {
  const inFlight = new Set<Promise<void>>();
  for (let n = 0; n < publishes / publishers; n += 1) {
    const name = channels[n % channels.length]!;
    const message = { by, n };
    const sent = client
      .channel(name)
      .publish(message)
      .then(({ position }) => onAccepted(name, message, position?.offset));
    inFlight.add(sent);
    void sent.finally(() => inFlight.delete(sent));
    if (inFlight.size >= 50) await Promise.race(inFlight);
  }
  await Promise.all(inFlight);
}

/** Collects every message of all channels until it has as many as were published; counts what it was told is lost. */
function collectAll(client: Client): {
  received: Map<string, ReceivedMessage<unknown>[]>;
  told: string[];
  done: Promise<void>;
} {
  const received = new Map<string, ReceivedMessage<unknown>[]>(channels.map((name) => [name, []]));
  const told: string[] = [];
  const done = Promise.all(
    channels.map(async (name) => {
      const subscription = client.channel(name).subscribe({ from: "earliest" });
      subscription.addEventListener("lost", () => told.push(`${name} lost`));
      subscription.addEventListener("reset", (event) => told.push(`${name} reset ${event.reason}`));
      const messages = received.get(name)!;
      for await (const message of subscription) {
        messages.push(message);
        if (messages.length === publishes / channels.length) return;
      }
    }),
  );
  return { received, told, done: done.then(() => {}) };
}

it(
  "loses, doubles and disorders nothing over twenty kills in the middle of twenty thousand publishes",
  { timeout: 300_000 },
  async () => {
    const readers = Array.from({ length: subscribers }, (_, index) => collectAll(open(`reader-${index}`)));
    const accepted: { channel: string; message: Numbered; offset: number | undefined }[] = [];
    let killAt: { count: number; reached: () => void } | undefined;
    const note = (channel: string, message: Numbered, offset: number | undefined): void => {
      accepted.push({ channel, message, offset });
      if (killAt !== undefined && accepted.length >= killAt.count) killAt.reached();
    };
    const publishing = Promise.all(
      Array.from({ length: publishers }, (_, index) => publishAll(open(`writer-${index}`), `writer-${index}`, note)),
    );

    let killed = 0;
    const killing = (async () => {
      for (let index = 1; index <= kills; index += 1) {
        const count = Math.floor((publishes * index) / (kills + 1));
        await new Promise<void>((resolve) => {
          killAt = { count, reached: resolve };
          if (accepted.length >= count) resolve();
        });
        await server.kill();
        killed += 1;
        await server.start();
      }
    })();

    await Promise.all([publishing, killing]);
    await Promise.all(readers.map(({ done }) => done));

    const auditor = open("auditor");
    for (const name of channels) {
      const log = (await wholeLog(auditor.channel(name))) as ReceivedMessage<Numbered>[];
      const byOffset = new Map(log.map((message) => [message.position.offset, message.data]));
      expect(log.length).toBe(publishes / channels.length);
      for (const one of accepted.filter(({ channel }) => channel === name)) {
        if (one.offset !== undefined) expect(byOffset.get(one.offset)).toEqual(one.message);
      }
      for (let index = 0; index < publishers; index += 1) {
        const numbers = log.filter(({ data }) => data.by === `writer-${index}`).map(({ data }) => data.n);
        expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
        expect(new Set(numbers).size).toBe(publishes / publishers / channels.length);
      }
      const truth = log.map(({ position, data }) => [position.offset, data]);
      for (const { received, told } of readers) {
        expect(told).toEqual([]);
        expect(received.get(name)!.map(({ position, data }) => [position.offset, data])).toEqual(truth);
      }
    }
    expect(killed).toBe(kills);
    expect(accepted.length).toBe(publishes);

    const statistics = clients.map((client) => client.statistics);
    const sum = (read: (one: (typeof statistics)[number]) => number): number =>
      statistics.reduce((total, one) => total + read(one), 0);
    const figures = {
      kills: killed,
      publishes: accepted.length,
      withoutKnownPosition: accepted.filter(({ offset }) => offset === undefined).length,
      deliveries: sum((one) => one.messagesIn),
      connects: sum((one) => one.connects),
      resumes: sum((one) => one.resumes),
      duplicatesDropped: sum((one) => one.duplicatesDropped),
      gaps: sum((one) => one.gaps),
      lost: sum((one) => one.lost),
    };
    console.log(`kill -9: ${JSON.stringify(figures)}`);
  },
);
