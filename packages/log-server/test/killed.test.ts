import { dirname, join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import type { Log } from "@hawser/log";
import { remoteLog } from "@hawser/log-server";
import { systemPorts } from "@hawser/protocol";
import { ServerProcess } from "./support/server-process.ts";
import { append, range, textOf, Told, wide } from "./support/shared-world.ts";
import { temporarySocket } from "./support/temporary-socket.ts";

const kills = 8;
const perLife = 300;
const channels = ["a", "b"];

it(
  "tells each entry once and in order over many kills of the server, and publishes exactly for one who tries again",
  { timeout: 120_000 },
  async () => {
    const socket = await temporarySocket();
    const server = new ServerProcess(join(dirname(socket), "data"), socket);
    await server.start();
    const nodes = [await connect(socket), await connect(socket)];
    const followers = await Promise.all(nodes.flatMap((node) => channels.map((channel) => followed(node, channel))));
    const publishers = channels.map((channel, index) => new Publisher(nodes[index]!, channel, followers[index * 3]!));
    for (let life = 0; life < kills; life += 1) {
      const publishing = publishers.map((publisher) => publisher.publish((life + 1) * perLife));
      // In the middle of it: some are accepted, some under way.
      await Promise.all(
        publishers.map((publisher) => publisher.reached(life * perLife + 20 + Math.floor(Math.random() * 200))),
      );
      await server.kill();
      await server.start();
      await Promise.all(publishing);
    }
    const all = range(1, kills * perLife).map(String);
    for (const told of followers) {
      await told.reached(all.length);
      expect(told.entries.map(textOf)).toEqual(all);
      expect(told.faults).toEqual([]);
      expect(told.heads.length).toBe(kills);
    }
    expect(publishers.some(({ failures }) => failures > 0)).toBe(true);
    for (const [index, channel] of channels.entries()) {
      const head = await nodes[0]!.head(channel);
      // Every position that was told is one of the epoch in which the log has it.
      const told = followers[index]!;
      expect(told.heads.map(({ epoch, end }) => ({ epoch, start: end }))).toEqual(head.lineage.slice(1));
    }
  },
);

async function connect(socket: string): Promise<Log> {
  const remote = remoteLog({ socket });
  await remote.open({ policyOf: () => wide, ...systemPorts() });
  onTestFinished(() => remote.close());
  return remote;
}

async function followed(log: Log, channel: string): Promise<WaitingTold> {
  const told = new WaitingTold();
  told.follower = await log.follow(channel, told);
  told.at ??= told.follower.head.end;
  return told;
}

/** What a follower was told; one can wait for it. */
class WaitingTold extends Told {
  #changed: () => void = () => {};
  #change = new Promise<void>((resolve) => (this.#changed = resolve));

  override onEntries(...told: Parameters<Told["onEntries"]>): void {
    super.onEntries(...told);
    this.#tell();
  }

  override onAvailable(available: boolean): void {
    super.onAvailable(available);
    this.#tell();
  }

  async reached(count: number): Promise<void> {
    while (this.entries.length < count) await this.#change;
  }

  async isAvailable(): Promise<void> {
    while (this.available.at(-1) === false) await this.#change;
  }

  #tell(): void {
    this.#changed();
    this.#change = new Promise((resolve) => (this.#changed = resolve));
  }
}

/** Publishes in order, several at a time, and tries again what has no outcome. */
class Publisher {
  failures = 0;
  readonly #log: Log;
  readonly #channel: string;
  readonly #told: WaitingTold;
  #sequence = 1;

  constructor(log: Log, channel: string, told: WaitingTold) {
    this.#log = log;
    this.#channel = channel;
    this.#told = told;
  }

  async publish(last: number): Promise<void> {
    while (this.#sequence <= last) {
      await this.#told.isAvailable();
      const sequences = range(this.#sequence, Math.min(last, this.#sequence + 9));
      const outcomes = await Promise.all(
        sequences.map((each) => this.#log.append([append(this.#channel, `${each}`, "p", each)])),
      );
      for (const [outcome] of outcomes) {
        if (outcome?.kind === "accepted" || outcome?.kind === "duplicate") this.#sequence += 1;
        else {
          this.failures += 1;
          break;
        }
      }
    }
  }

  reached(count: number): Promise<void> {
    return this.#told.reached(count);
  }
}
