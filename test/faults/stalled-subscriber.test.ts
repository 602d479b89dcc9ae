import type { Client, ReceivedMessage, Subscription } from "@hawser/client";
import { afterEach, expect, it } from "vitest";
import { connect } from "../support/clients.ts";
import { payloadOf, placeOf, StallScene } from "../support/stall-scene.ts";
import type { StallSceneOptions } from "../support/stall-scene.ts";
import { StallingProxy } from "../support/stalling-proxy.ts";

const MiB = 1024 * 1024;
const publishedBytes = 200 * MiB;
/** Messages of 64 KiB. */
const count = publishedBytes / (64 * 1024);
/** How much the server's anonymous memory may rise: pages of the mapped log are the kernel's, and count for nobody. */
const mostRise = 64 * MiB;
const windowBytes = 256 * 1024;
const timeout = 900_000;

const open: { close(): Promise<unknown> }[] = [];

afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

const opened = <T extends { close(): Promise<unknown> }>(one: T): T => {
  open.push(one);
  return one;
};

/** A reader of all channels, who reads as far as he is told to. */
class SteppedReader {
  /** What the subscriptions were told beside messages: nothing, if all goes well. */
  readonly told: string[] = [];
  readonly #channels: number;
  readonly #messages: AsyncIterator<ReceivedMessage, undefined>[];
  #read = 0;

  constructor(client: Client, scene: StallScene) {
    this.#channels = scene.channels.length;
    this.#messages = scene.channels.map((name) => {
      const subscription = client.channel(name).subscribe({ from: "earliest" });
      this.#listen(subscription);
      return subscription[Symbol.asyncIterator]();
    });
  }

  /** Reads on through message `last`, and holds every byte of each against what was published. */
  async readThrough(last: number): Promise<void> {
    while (this.#read < last) {
      const number = this.#read + 1;
      const { channel, offset } = placeOf(number, this.#channels);
      const { value } = await this.#messages[channel]!.next();
      if (value?.position.offset !== offset)
        throw new Error(`offset ${value?.position.offset} where ${offset} was next`);
      if (!payloadOf(number).equals(value.data as Uint8Array)) throw new Error(`message ${number} has other bytes`);
      this.#read = number;
    }
  }

  #listen(subscription: Subscription): void {
    subscription.addEventListener("lost", ({ interval }) => this.told.push(`lost ${interval.from} to ${interval.to}`));
    subscription.addEventListener("reset", ({ reason }) => this.told.push(`reset ${reason}`));
    subscription.addEventListener("ended", ({ error }) => this.told.push(`ended ${error?.code}`));
  }
}

async function openScene(
  options: StallSceneOptions,
): Promise<{ scene: StallScene; proxy: StallingProxy; client: Client }> {
  const scene = opened(await StallScene.open(options));
  const proxy = opened(await StallingProxy.to(scene.server.port));
  const client = opened(connect(proxy.url, "stalled", { windowBytes, connectTimeoutMs: 1_000 }));
  return { scene, proxy, client };
}

function report(what: string, scene: StallScene, before: number, client: Client, more: object = {}): void {
  const { connects, resumes, gaps, duplicatesDropped, lost, resets } = client.statistics;
  const figures = {
    publishedMiB: publishedBytes / MiB,
    channels: scene.channels.length,
    deliveriesToOthers: scene.deliveries,
    memoryBeforeMiB: Math.round(before / MiB),
    memoryAtMostMiB: Math.round(scene.mostBytes / MiB),
    ...more,
    stalled: { connects, resumes, gaps, duplicatesDropped, lost, resets },
  };
  console.log(`${what}: ${JSON.stringify(figures)}`);
}

it(
  "holds nothing in memory for one of 500 subscribers whose socket is not read, and he misses nothing",
  { timeout },
  async () => {
    const { scene, proxy, client } = await openScene({ readers: 499, channels: 1 });
    const reader = new SteppedReader(client, scene);
    const before = await scene.warmUp();
    await reader.readThrough(scene.published);

    proxy.stall();
    await scene.publish(count);
    expect(scene.mostBytes - before).toBeLessThan(mostRise);

    proxy.flow();
    await reader.readThrough(scene.published);
    await scene.sample();
    report("a socket that is not read", scene, before, client);
    expect(scene.mostBytes - before).toBeLessThan(mostRise);
    expect(reader.told).toEqual([]);
    // It was the same connection all the time.
    expect(client.statistics).toMatchObject({ connects: 1, gaps: 0, duplicatesDropped: 0 });
  },
);

it(
  "holds nothing in memory for one of 500 subscribers whose loop stands still, and he misses nothing",
  { timeout },
  async () => {
    const { scene, client } = await openScene({ readers: 499, channels: 1 });
    const reader = new SteppedReader(client, scene);
    const before = await scene.warmUp();
    await reader.readThrough(scene.published);

    const read = client.statistics;
    await scene.publish(count);
    expect(scene.mostBytes - before).toBeLessThan(mostRise);
    // Credit stopped the subscription: a window and one message, and what frames them.
    const waitingBytes = client.statistics.bytesIn - read.bytesIn;
    expect(waitingBytes).toBeLessThan(windowBytes + 64 * 1024 + 1024);
    expect(client.statistics.messagesIn).toBeGreaterThan(read.messagesIn);

    await reader.readThrough(scene.published);
    await scene.sample();
    report("a loop that stands still", scene, before, client, { waitingKiB: Math.round(waitingBytes / 1024) });
    expect(scene.mostBytes - before).toBeLessThan(mostRise);
    expect(reader.told).toEqual([]);
    expect(client.statistics).toMatchObject({ connects: 1, gaps: 0, duplicatesDropped: 0 });
  },
);

it(
  "ends a connection that confirms nothing for two heartbeats, and its client resumes without a loss [FLOW-3]",
  { timeout },
  async () => {
    const channels = 8;
    const environment = { HEARTBEAT_MS: "1000" };
    const { scene, proxy, client } = await openScene({ readers: 40, channels, environment });
    const reader = new SteppedReader(client, scene);
    const before = await scene.warmUp();
    await reader.readThrough(scene.published);

    proxy.stall();
    await scene.publish(count);
    const ended = (): Promise<number> => scene.metric("hawser_closes_total", 'code="4001"');
    while ((await ended()) === 0) await scene.publish(channels);
    expect(scene.mostBytes - before).toBeLessThan(mostRise);

    proxy.flow();
    await reader.readThrough(scene.published);
    await scene.sample();
    report("a socket that is not read, past two heartbeats", scene, before, client);
    expect(scene.mostBytes - before).toBeLessThan(mostRise);
    expect(reader.told).toEqual([]);
    expect(client.statistics.connects).toBeGreaterThan(1);
    expect(client.statistics.resumes).toBeGreaterThanOrEqual(channels);
  },
);
