import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { Client } from "@hawser/client";
import { connect } from "./clients.ts";
import { HawserProcess } from "./hawser-process.ts";
import { IntervalReader } from "./interval-reader.ts";

const config = fileURLToPath(new URL("stall.config.ts", import.meta.url));
const messageBytes = 64 * 1024;
/**
 * So many messages of a channel may be on their way to the slowest of its readers: less than its tail of 1 MiB holds, so
 * that the others are served from memory that all share, and who reads from the log is the one who stalled.
 */
const windowPerChannel = 12;
/** So many in all. */
const window = 32;
/**
 * Published before anything is measured: as much as is published then, so that the garbage of buffers, of which the
 * platform lets up to 64 MiB gather before it collects them, has the same time to come to its height.
 */
const warmUpMessages = 3_200;

/** The bytes of message `number`: other ones than those of any other message. */
export function payloadOf(number: number): Buffer {
  const seed = createHash("sha256").update(`message ${number}`).digest();
  const payload = Buffer.alloc(messageBytes, seed);
  payload.writeUInt32BE(number);
  return payload;
}

/** Where message `number`, counted from 1, stands when messages go to so many channels in turn. */
export function placeOf(number: number, channels: number): { readonly channel: number; readonly offset: number } {
  return { channel: (number - 1) % channels, offset: Math.floor((number - 1) / channels) + 1 };
}

export interface StallSceneOptions {
  readonly readers: number;
  readonly channels: number;
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * A server of the `hawser` command with the embedded log, readers who follow one channel each, and a publisher who goes
 * on as long as the slowest of these readers follows. Those who stall come on top, and are not waited for.
 */
export class StallScene {
  readonly channels: readonly string[];
  readonly server: HawserProcess;
  /** Deliveries to readers, in all. */
  deliveries = 0;
  /** Largest anonymous memory of the server that was seen. */
  mostBytes = 0;
  readonly #publisher: Client;
  readonly #readers: IntervalReader[] = [];
  /** By channel and offset: how many of the channel's readers have not come so far yet. */
  readonly #missing: number[][];
  /** Messages that all readers of their channel have. */
  #complete = 0;
  #published = 0;
  #onProgress: () => void = () => {};
  readonly #failed: Promise<never>;
  #fail: (error: Error) => void = () => {};

  private constructor(server: HawserProcess, channels: number) {
    this.server = server;
    this.channels = Array.from({ length: channels }, (_, index) => `stall.${index}`);
    this.#missing = this.channels.map(() => []);
    this.#publisher = connect(server.url, "publisher");
    this.#failed = new Promise((_, reject) => {
      this.#fail = reject;
    });
    this.#failed.catch(() => {});
  }

  static async open({ readers, channels, environment = {} }: StallSceneOptions): Promise<StallScene> {
    const scene = new StallScene(await HawserProcess.start(["--config", config], environment), channels);
    for (let index = 0; index < readers; index += 1) scene.#readers.push(scene.#newReader(index));
    await Promise.race([Promise.all(scene.#readers.map((reader) => reader.subscribed())), scene.#failed]);
    return scene;
  }

  /** How many messages were published. */
  get published(): number {
    return this.#published;
  }

  /** Publishes, waiting for the readers; samples the server's memory every so many messages. */
  async publish(count: number, sampleEvery = 50): Promise<void> {
    for (let index = 0; index < count; index += 1) {
      while (this.#published - this.#complete >= Math.min(window, windowPerChannel * this.channels.length))
        await this.#progress();
      this.#published += 1;
      const { channel, offset } = placeOf(this.#published, this.channels.length);
      this.#missing[channel]![offset] = this.#readersOf(channel);
      const sent = this.#publisher.channel(this.channels[channel]!).publish(payloadOf(this.#published));
      sent.then(undefined, (error: Error) => this.#fail(error));
      if (index % sampleEvery === 0) await this.sample();
    }
    while (this.#complete < this.#published) await this.#progress();
    await this.sample();
  }

  /** What the same traffic takes of the server's memory while nobody stalls: the most of it, since collected garbage comes and goes. */
  async warmUp(): Promise<number> {
    await this.publish(warmUpMessages);
    const before = this.mostBytes;
    this.deliveries = 0;
    this.mostBytes = 0;
    return before;
  }

  async sample(): Promise<number> {
    const bytes = await this.server.anonymousBytes();
    this.mostBytes = Math.max(this.mostBytes, bytes);
    return bytes;
  }

  /** A figure of the server's `/metrics`, over all labels that hold `labels`. */
  async metric(name: string, labels = ""): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${this.server.port}/metrics`)).text();
    const values = text.split("\n").filter((line) => line.startsWith(name) && line.includes(labels));
    return values.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
  }

  async close(): Promise<void> {
    for (const reader of this.#readers) reader.close();
    await this.#publisher.close();
    await this.server.remove();
  }

  #readersOf(channel: number): number {
    return this.#readers.filter((_, index) => index % this.channels.length === channel).length;
  }

  #newReader(index: number): IntervalReader {
    const channel = index % this.channels.length;
    const token = `reader-${index}`;
    return new IntervalReader({
      port: this.server.port,
      channel: this.channels[channel]!,
      token,
      onInterval: (from, to) => this.#onInterval(channel, from, to),
      onFailure: (error) => this.#fail(new Error(`${token}: ${error.message}`, { cause: error })),
    });
  }

  #onInterval(channel: number, from: number, to: number): void {
    const missing = this.#missing[channel]!;
    for (let offset = from + 1; offset <= to; offset += 1) {
      this.deliveries += 1;
      missing[offset] = missing[offset]! - 1;
      if (missing[offset] !== 0) continue;
      this.#complete += 1;
      this.#onProgress();
    }
  }

  #progress(): Promise<unknown> {
    const progress = new Promise<void>((resolve) => {
      this.#onProgress = resolve;
    });
    return Promise.race([progress, this.#failed]);
  }
}
