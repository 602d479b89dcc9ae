import { performance } from "node:perf_hooks";
import type { LoadStart, Measurement, Pace } from "../processes/messages.ts";
import { Tally } from "./delivery-meter.ts";
import type { Dial, Dialect, Publisher } from "./dialect.ts";
import { hawserDialect } from "./hawser-dialect.ts";
import { MeasuredChannel } from "./measured-channel.ts";
import { JsonPayloads } from "./json-payloads.ts";
import { PlainPayloads } from "./payload.ts";
import type { Message, Payloads } from "./payload.ts";
import { joinedDialect, plainDialect } from "./plain-dialect.ts";
import { RawConnection } from "./raw-connection.ts";
import { socketIoDialect } from "./socket-io-dialect.ts";
import { Subscriber } from "./subscriber.ts";

const dialects: Record<LoadStart["dialect"], (payloads: Payloads) => Dialect> = {
  hawser: hawserDialect,
  "socket.io": socketIoDialect,
  plain: plainDialect,
  joined: joinedDialect,
};

/** Subscribers that connect at the same time. */
const wave = 50;
/** Messages of all channels that may be on their way; a power of two. */
const maxInFlight = 1 << 16;
const leastInFlight = 1 << 10;

/** All clients of one server: subscribers, and one publisher that goes round the channels. */
export class Load {
  readonly #channels: MeasuredChannel[] = [];
  readonly #tally = new Tally();
  #publisher: Publisher | undefined;
  #nextChannel = 0;
  /** How many messages are in flight while it measures saturation; 0: none is published for that. */
  #window = 0;
  #refilling = false;
  /** That were read. */
  #bytes = 0;

  static async start(command: LoadStart): Promise<Load> {
    const load = new Load();
    const { port, subscribers, channels, channelsEach, payloadBytes, compressed = false } = command;
    const payloads = compressed ? new JsonPayloads(payloadBytes) : new PlainPayloads(payloadBytes);
    const dialect = dialects[command.dialect](payloads);
    const dial: Dial = (path, subprotocol, onData, twins) =>
      new RawConnection({
        ...{ port, path, subprotocol, onData, twins },
        // The publisher, which has no twins, is sent acknowledgements.
        compressedFrom: compressed && twins !== undefined ? payloadBytes : undefined,
        onRead: (bytes) => {
          load.#bytes += bytes;
          load.#refillSoon();
        },
        onFailure: (error) => {
          throw error;
        },
      });
    const all = load.#seat(subscribers, channels, channelsEach);
    for (let first = 0; first < subscribers; first += wave) {
      await Promise.all(all.slice(first, first + wave).map((subscriber) => dialect.subscribe(dial, subscriber)));
    }
    load.#publisher = await dialect.publisher(dial);
    return load;
  }

  async measure(pace: Pace, warmUpMs: number, durationMs: number): Promise<Measurement> {
    const stop = this.#begin(pace);
    await elapsed(warmUpMs);
    this.#tally.restart();
    this.#bytes = 0;
    const cpu = process.cpuUsage();
    const started = performance.now();
    await elapsed(durationMs);
    const seconds = (performance.now() - started) / 1000;
    const used = process.cpuUsage(cpu);
    const bytes = this.#bytes;
    stop();
    const { deliveries, latencies } = this.#tally;
    const measurement = {
      deliveriesPerSecond: deliveries / seconds,
      bytesPerDelivery: bytes / deliveries,
      p50Ms: latencies.percentile(0.5),
      p99Ms: latencies.percentile(0.99),
      loadCpu: (used.user + used.system) / 1e6 / seconds,
    };
    while (this.#tally.inFlight > 0) await elapsed(5);
    return measurement;
  }

  /** Every channel gets the same number of subscribers, and no two clients the same channels. */
  #seat(subscribers: number, channels: number, each: number): Subscriber[] {
    const perChannel = (subscribers * each) / channels;
    const inFlight = Math.max(leastInFlight, maxInFlight / channels);
    for (let number = 0; number < channels; number += 1) {
      this.#channels.push(new MeasuredChannel(perChannel, inFlight, this.#tally));
    }
    return Array.from({ length: subscribers }, (_, client) => {
      const subscriber = new Subscriber();
      for (let seat = client * each; seat < (client + 1) * each; seat += 1) {
        const round = Math.floor(seat / channels);
        const number = ((seat % channels) * (10 * round + 1)) % channels;
        subscriber.join(number, this.#channels[number]!, round);
      }
      return subscriber;
    });
  }

  #begin(pace: Pace): () => void {
    if (pace.kind === "rate") return this.#keepRate(pace.messagesPerSecond);
    this.#window = pace.messages;
    this.#refill();
    return () => {
      this.#window = 0;
    };
  }

  /** One message after the other at even intervals, whether or not those before have arrived. */
  #keepRate(perSecond: number): () => void {
    let next = performance.now();
    let timer: NodeJS.Timeout | undefined;
    const publishDue = (): void => {
      const now = performance.now();
      let due = 0;
      for (; next <= now; next += 1000 / perSecond) due += 1;
      if (due > 0) this.#publish(due);
      timer = setTimeout(publishDue, next - now);
    };
    publishDue();
    return () => clearTimeout(timer);
  }

  /** Once a turn of the event loop, behind all that was read in it. */
  #refillSoon(): void {
    if (this.#refilling || this.#window === 0) return;
    this.#refilling = true;
    setImmediate(() => {
      this.#refilling = false;
      this.#refill();
    });
  }

  /** Publishes until `window` messages are in flight. A message leaves the window when its last subscriber has it. */
  #refill(): void {
    const free = this.#window - this.#tally.inFlight;
    if (free > 0) this.#publish(free);
  }

  #publish(count: number): void {
    const now = performance.now();
    const messages: Message[] = [];
    while (messages.length < count) {
      const channel = this.#nextChannel;
      messages.push({ channel, number: this.#channels[channel]!.meter.publish(now) });
      this.#nextChannel = (channel + 1) % this.#channels.length;
    }
    this.#publisher!.publish(messages);
  }
}

function elapsed(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
