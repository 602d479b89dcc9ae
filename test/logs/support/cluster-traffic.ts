import { HawserError } from "@hawser/client";
import type { Client, Connector, ReceivedMessage } from "@hawser/client";
import { systemPorts } from "@hawser/protocol";
import { connect } from "../../support/clients.ts";

const { timers } = systemPorts();

/** How much goes over the nodes. */
export interface TrafficOptions {
  /** Endpoints of the nodes; sessions begin at one each, in turn. */
  readonly urls: readonly string[];
  readonly sessions: number;
  readonly channels: number;
  /** Of all publishers together. */
  readonly messagesPerSecond: number;
  /** Sessions of each channel that publish too. */
  readonly publishersPerChannel: number;
  /** By what the session of that index comes. Default: a WebSocket. */
  readonly connectorOf?: (index: number) => Connector | undefined;
}

interface Subscriber {
  readonly client: Client;
  readonly channel: string;
  readonly messages: ReceivedMessage<unknown>[];
  /** What it was told beside messages. */
  readonly told: string[];
}

/** Sessions that all read, and of which some publish at a steady rate, whatever happens to nodes and broker. */
export class ClusterTraffic {
  readonly subscribers: readonly Subscriber[];
  /** What was acknowledged, by channel: in the order of the acknowledgements, which is each publisher's own. */
  readonly acknowledged = new Map<string, string[]>();
  /** Codes of what was not acknowledged. */
  readonly failures: string[] = [];
  readonly #options: TrafficOptions;
  readonly #underWay = new Set<Promise<void>>();
  #count = 0;
  #stopped = false;
  #pacing: Promise<void> | undefined;

  constructor(options: TrafficOptions) {
    this.#options = options;
    const { urls, sessions, channels, connectorOf } = options;
    this.subscribers = Array.from({ length: sessions }, (_, index) => {
      const own = urls.map((_url, step) => urls[(index + step) % urls.length]!) as [string, ...string[]];
      const connector = connectorOf?.(index);
      // As much as a publisher says while the broker is away and starts again, on a slow machine too.
      const outbox = { maxMessages: 20_000, maxBytes: 64 * 1_048_576 };
      const client = connect(own[0], `user-${index}`, { url: own, outbox, ...(connector && { connector }) });
      return { client, channel: `orders.${Math.floor(index / urls.length) % channels}`, messages: [], told: [] };
    });
  }

  /** Subscribes every session, and begins to publish when all of them follow. */
  async start(): Promise<void> {
    for (const subscriber of this.subscribers) this.acknowledged.set(subscriber.channel, []);
    await Promise.all(this.subscribers.map(subscribe));
    this.#pacing = this.#pace();
  }

  /** Waits until so many more messages were acknowledged, and returns how many were. */
  async more(count: number): Promise<number> {
    const before = this.#count;
    while (this.#count < before + count) await pause(20);
    return this.#count - before;
  }

  /**
   * Publishes no more. Resolves when every publish has ended and every session has all that was acknowledged, or after so
   * long: what is lacking then does not come.
   */
  async settle(patienceMs = 30_000): Promise<void> {
    this.#stopped = true;
    await this.#pacing;
    let isOver = false;
    const patience = timers.after(patienceMs, () => (isOver = true));
    while (this.#underWay.size > 0 && !isOver) await pause(50);
    for (const { channel, messages } of this.subscribers) {
      const texts = new Set<unknown>();
      let seen = 0;
      const isLacking = (): boolean => {
        for (; seen < messages.length; seen += 1) texts.add(messages[seen]!.data);
        return this.acknowledged.get(channel)!.some((text) => !texts.has(text));
      };
      while (!isOver && isLacking()) await pause(50);
    }
    patience.cancel();
  }

  async close(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.subscribers.map(({ client }) => client.close()));
  }

  async #pace(): Promise<void> {
    const { channels, publishersPerChannel, messagesPerSecond } = this.#options;
    const publishers = this.subscribers.slice(0, channels * publishersPerChannel);
    const roundMs = (publishers.length / messagesPerSecond) * 1_000;
    for (let round = 0; !this.#stopped; round += 1) {
      for (const [index, { client, channel }] of publishers.entries())
        this.#publish(client, channel, `${index}:${round}`);
      await pause(roundMs);
    }
  }

  #publish(client: Client, channel: string, text: string): void {
    const work = client
      .channel(channel)
      .publish(text)
      .then(
        () => {
          this.#count += 1;
          this.acknowledged.get(channel)!.push(text);
        },
        (error: unknown) => void this.failures.push(error instanceof HawserError ? error.code : String(error)),
      )
      .finally(() => this.#underWay.delete(work));
    this.#underWay.add(work);
  }
}

/** Waits for so long: the traffic of a scenario is paced by real time, as the brokers are. */
export function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => void timers.after(durationMs, resolve));
}

function subscribe({ client, channel, messages, told }: Subscriber): Promise<void> {
  const subscription = client.channel(channel).subscribe({ from: "earliest" });
  subscription.addEventListener("lost", () => told.push("lost"));
  subscription.addEventListener("reset", (event) => told.push(`reset ${event.reason}`));
  void (async () => {
    try {
      for await (const message of subscription) messages.push(message);
    } catch (error) {
      told.push(String(error));
    }
  })();
  return new Promise((resolve) => subscription.addEventListener("subscribed", () => resolve(), { once: true }));
}
