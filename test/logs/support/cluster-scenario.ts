import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect, wholeLog } from "../../support/clients.ts";
import { FaultProxy } from "../../support/fault-proxy.ts";
import { HawserProcess } from "../../support/hawser-process.ts";
import { ClusterTraffic, pause } from "./cluster-traffic.ts";
import { askNode, writeApiKeys } from "./node-api.ts";

/** A broker that runs, with a log that is new. */
export interface RunningBroker {
  /** Its address, as `hawser serve --log` takes it. */
  readonly log: string;
  /** Its port on this machine, and the address of the same log behind another port; left out where clients choose their own way. */
  readonly proxied?: {
    readonly port: number;
    /** Where the proxy has to listen, for a broker that names it to its clients. Default: any free port. */
    readonly listen?: number;
    readonly logThrough: (port: number) => string;
  };
  /** Ends it in good order. */
  stop(): Promise<void>;
  /** Starts it again, on what it kept. Resolves when it answers. */
  start(): Promise<void>;
  /** `kill -9`; left out where it does not claim to keep what it acknowledged. */
  kill?(): Promise<void>;
  /** Ends it, and removes what it kept. */
  remove(): Promise<void>;
}

/** What {@link testCluster} tests. */
export interface ClusterBroker {
  readonly name: string;
  /** Whether the broker is on this machine; in CI a broker that is not there fails. */
  readonly isInstalled: boolean;
  readonly run: () => Promise<RunningBroker>;
  /** How long it stays stopped, in milliseconds. Default 10,000. */
  readonly stoppedMs?: number;
}

const sessions = 200;
const channels = 10;
/** Of a node that is killed, and of a way that is cut. */
const awayMs = 2_000;
const config = fileURLToPath(new URL("./node.config.ts", import.meta.url));
/** However slow the machine is. */
const patiently = { timeout: 20_000, interval: 50 };

/**
 * The tests that every broker's log has to pass with the real command: two nodes in processes of their own, 200 sessions over
 * both, 500 messages a second; and in turn a node is killed, the broker stopped and started, the broker killed, a node cut off
 * from the broker. Afterwards every session has every acknowledged message of its channel, once and in the one order, and the
 * nodes are a cluster.
 *
 * @example
 * ```ts
 * testCluster({
 *   name: "Redis",
 *   isInstalled: redisServer !== undefined,
 *   run: async () => {
 *     const program = await startRedis("always");
 *     return {
 *       log: `redis://127.0.0.1:${program.port}`,
 *       proxied: { port: program.port, logThrough: (port) => `redis://127.0.0.1:${port}` },
 *       stop: () => program.stop(),
 *       start: () => program.start(),
 *       kill: () => program.kill(),
 *       remove: () => program.remove(),
 *     };
 *   },
 * });
 * ```
 */
export function testCluster({ name, isInstalled, run, stoppedMs = 10_000 }: ClusterBroker): void {
  describe.skipIf(!isInstalled && !process.env["CI"])(`two nodes with ${sessions} sessions on ${name}`, () => {
    let broker: RunningBroker;
    let proxy: FaultProxy | undefined;
    let folder: string;
    let nodes: HawserProcess[] = [];
    let traffic: ClusterTraffic;

    beforeAll(async () => {
      broker = await run();
      const { proxied, log } = broker;
      folder = await mkdtemp(join(tmpdir(), "hawser-cluster-"));
      const keys = join(folder, "keys.json");
      await writeApiKeys(keys);
      if (proxied !== undefined) proxy = await FaultProxy.to(proxied.port, { listen: proxied.listen ?? 0 });
      const throughProxy =
        proxy === undefined ? log : proxied!.logThrough(Number(new URL(proxy.urlOf("tcp://x")).port));
      // One after the other: the first makes what the log needs in the broker.
      for (const place of [log, throughProxy]) {
        nodes.push(
          await HawserProcess.start(["--log", place, "--no-page", "--config", config, "--api-key-file", keys]),
        );
      }
      const urls = nodes.map(({ url }) => url);
      traffic = new ClusterTraffic({ urls, sessions, channels, messagesPerSecond: 500, publishersPerChannel: 2 });
      await traffic.start();
      await traffic.more(500);
    });

    afterAll(async () => {
      await traffic?.close();
      await Promise.all(nodes.map((node) => node.remove()));
      nodes = [];
      await proxy?.close();
      await broker?.remove();
      if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    });

    it("go on when a node is killed under half of them, and when it is back", async () => {
      await nodes[0]!.kill();
      await pause(awayMs);
      await nodes[0]!.start();
      expect(await traffic.more(500)).toBeGreaterThanOrEqual(500);
    });

    it("go on when the broker was stopped and started", async () => {
      await broker.stop();
      await pause(stoppedMs);
      await broker.start();
      expect(await traffic.more(500)).toBeGreaterThanOrEqual(500);
    });

    it("go on when the broker was killed, where it claims to keep what it acknowledged", async () => {
      if (broker.kill === undefined) await broker.stop();
      else await broker.kill();
      await broker.start();
      expect(await traffic.more(500)).toBeGreaterThanOrEqual(500);
    });

    it("go on when a node was cut off from the broker", async () => {
      for (const way of ["up", "down"] as const) proxy?.stall(way);
      await pause(awayMs);
      proxy?.endAll("reset");
      for (const way of ["up", "down"] as const) proxy?.flow(way);
      expect(await traffic.more(500)).toBeGreaterThanOrEqual(500);
    });

    it("have every acknowledged message once, and in one order, after all that", async () => {
      await traffic.settle();
      expect(traffic.failures).toEqual([]);
      const orders = new Map<string, unknown[]>();
      for (const { channel, messages, told } of traffic.subscribers) {
        expect(told).toEqual([]);
        const placed = messages.map(({ position, data }) => [position.offset, data]);
        const texts = messages.map(({ data }) => data as string);
        expect(new Set(texts).size).toBe(texts.length);
        const acknowledged = traffic.acknowledged.get(channel)!;
        const present = new Set(texts);
        expect(acknowledged.filter((text) => !present.has(text))).toEqual([]);
        for (const publisher of new Set(texts.map(publisherOf))) {
          const rounds = texts.filter((text) => publisherOf(text) === publisher).map(roundOf);
          expect(rounds).toEqual(rounds.toSorted((left, right) => left - right));
        }
        const order = orders.get(channel);
        if (order === undefined) orders.set(channel, placed);
        else expect(placed).toEqual(order);
      }
      expect(orders.size).toBe(channels);
    });

    it("resume on one node from the position that the other gave", async () => {
      const { channel, messages } = traffic.subscribers[0]!;
      const middle = messages[Math.floor(messages.length / 2)]!;
      const rest = messages.slice(messages.indexOf(middle) + 1);
      for (const { url } of nodes) {
        const client = connect(url, "returning");
        const found: unknown[] = [];
        for await (const { data } of client.channel(channel).subscribe({ from: middle.position })) {
          found.push(data);
          if (found.length === rest.length) break;
        }
        await client.close();
        expect(found).toEqual(rest.map(({ data }) => data));
      }
    });

    it("know of each other, and of none that is gone", async () => {
      for (const { url } of nodes) {
        await expect.poll(async () => (await askNode(url, "nodes"))["nodes"], patiently).toHaveLength(2);
      }
    });

    it("reach a user of the other one, with a message and to end his sessions", async () => {
      const [here, there] = [nodes[0]!.url, nodes[1]!.url];
      const client = connect(here, "ann");
      const inbox = client.inbox.subscribe();
      const ended = new Promise<string>((resolve) => {
        client.addEventListener("error", ({ error }) => resolve(error.code));
      });
      await new Promise((resolve) => inbox.addEventListener("subscribed", resolve, { once: true }));
      await askNode(there, "users/ann/messages", { json: "for ann" });
      for await (const { data } of inbox) {
        expect(data).toBe("for ann");
        break;
      }
      expect(await askNode(there, "users/ann/disconnect", {})).toEqual({ nodes: 2 });
      expect(await ended).toBe("disconnected");
      await client.close();
    });

    it("find on either node the log that was delivered", async () => {
      const { channel, messages } = traffic.subscribers[0]!;
      for (const { url } of nodes) {
        const client = connect(url, "auditor");
        const log = await wholeLog(client.channel(channel));
        await client.close();
        expect(log.map(({ data }) => data)).toEqual(messages.map(({ data }) => data).slice(-log.length));
      }
    });
  });
}

function publisherOf(text: string): string {
  return text.slice(0, text.indexOf(":"));
}

function roundOf(text: string): number {
  return Number(text.slice(text.indexOf(":") + 1));
}
