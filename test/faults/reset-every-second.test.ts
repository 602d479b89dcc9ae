import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memoryLog } from "@hawser/log";
import { remoteLog, serveLog } from "@hawser/log-server";
import { systemPorts } from "@hawser/protocol";
import { anonymous, createServer, silentLogger } from "@hawser/server";
import type { HawserServer, ServerOptions } from "@hawser/server";
import { describe, expect, it } from "vitest";
import type { AtEnd } from "../support/at-end.ts";
import { BrokenAnswers } from "../support/broken-answers.ts";
import { connect } from "../support/clients.ts";
import { FaultProxy } from "../support/fault-proxy.ts";
import { sessionTransports } from "../support/transports.ts";
import type { SessionTransport } from "../support/transports.ts";

const messagesPerSecond = 1_000;
const mostSeconds = Number(process.env["HAWSER_TEST_SECONDS"] ?? 60);
/** The first transport has its minute; the others show in it, one after the other, that they are no different. */
const [first, ...others] = sessionTransports;
const fewSeconds = Math.min(mostSeconds, 10);

/** Two nodes on one log. */
async function twoNodes(transport: SessionTransport, atEnd: AtEnd): Promise<readonly HawserServer[]> {
  const folder = await mkdtemp(join(tmpdir(), "hawser-test-"));
  atEnd(() => rm(folder, { recursive: true }));
  const socket = join(folder, "log.sock");
  const log = memoryLog();
  const common: Omit<ServerOptions, "log"> = {
    authenticate: anonymous({ allowNames: true }),
    port: 0,
    host: "127.0.0.1",
    logger: silentLogger,
    channels: [{ pattern: "stream", retention: { count: 1_000_000 }, durability: "memory" }],
    ...transport.server,
  };
  const owner = createServer({ ...common, log });
  const borrower = createServer({ ...common, log: remoteLog({ socket, capabilities: log.capabilities }) });
  const served = await serveLog({ log, socket });
  atEnd(() => owner.close());
  await owner.listen();
  atEnd(() => served.close());
  atEnd(() => borrower.close());
  await borrower.listen();
  return [owner, borrower];
}

/** A stream has a pace, and the resets have theirs: that is what is asked for here, not what is waited for. */
const later = (ms: number): Promise<void> => new Promise((resolve) => systemPorts().timers.after(ms, resolve));

interface Subscriber {
  readonly name: string;
  readonly transport: string;
  readonly seen: number[];
  readonly told: string[];
  readonly proxies: readonly FaultProxy[];
  /** Cuts that it felt: connections that it made, and over HTTP, where the session need not know, answers that broke. */
  readonly felt: () => number;
  /** Resolves when message `last` was read. */
  readonly reached: (last: number) => Promise<void>;
}

interface SubscriberOptions {
  readonly connections: number;
  readonly placement: "any" | "mirrored";
}

async function subscribe(
  transport: SessionTransport,
  nodes: readonly HawserServer[],
  { connections, placement }: SubscriberOptions,
  atEnd: AtEnd,
): Promise<Subscriber> {
  const answers = new BrokenAnswers();
  const proxies: FaultProxy[] = [];
  for (const node of nodes) {
    const proxy = await FaultProxy.to(Number(new URL(transport.urlOf(node)).port));
    atEnd(() => proxy.close());
    proxies.push(proxy);
  }
  const url = nodes.map((node, index) => proxies[index]!.urlOf(transport.urlOf(node)));
  const name = `${connections}-${placement}`;
  const client = connect(url[0]!, name, { url, connections, connector: transport.connector(undefined, answers.fetch) });
  atEnd(() => client.close());
  const subscription = client.channel("stream").subscribe({ from: "earliest", placement });
  const seen: number[] = [];
  const told: string[] = [];
  subscription.addEventListener("lost", () => told.push("lost"));
  subscription.addEventListener("reset", ({ reason }) => told.push(`reset: ${reason}`));
  let wake = (): void => {};
  subscription.addEventListener("message", ({ message }) => {
    seen.push(message.data as number);
    wake();
  });
  return {
    name,
    transport: transport.name,
    seen,
    told,
    proxies,
    felt: () => (transport.name.startsWith("HTTP") ? answers.count : client.statistics.connects),
    async reached(last) {
      while (seen.length === 0 || seen.at(-1)! < last) await new Promise<void>((resolve) => (wake = resolve));
    },
  };
}

/** Publishes as many as are due by now, at most a thousand a second. */
async function stream(node: HawserServer, untilMs: number): Promise<number> {
  let published = 0;
  const begun = performance.now();
  for (let now = begun; now < begun + untilMs; now = performance.now()) {
    const due = Math.floor(((now - begun) / 1_000) * messagesPerSecond);
    const batch: Promise<unknown>[] = [];
    for (; published < due; published += 1) batch.push(node.publish("stream", published));
    await Promise.all(batch);
    await later(1);
  }
  return published;
}

/** A subscriber of each kind, whose connections are reset in turn, one a second. */
async function checkReset(transport: SessionTransport, seconds: number, atEnd: AtEnd): Promise<void> {
  const nodes = await twoNodes(transport, atEnd);
  const subscribers = [
    await subscribe(transport, nodes, { connections: 1, placement: "any" }, atEnd),
    await subscribe(transport, nodes, { connections: 2, placement: "any" }, atEnd),
    await subscribe(transport, nodes, { connections: 2, placement: "mirrored" }, atEnd),
  ];
  const streaming = stream(nodes[0]!, seconds * 1_000);
  for (let turn = 1; turn < seconds; turn += 1) {
    await later(1_000);
    for (const { proxies } of subscribers) {
      const next = proxies[turn % proxies.length]!;
      if (!next.endAll("reset")) proxies[(turn + 1) % proxies.length]!.endAll("reset");
    }
  }
  const published = await streaming;
  expect(published).toBeGreaterThan(0.9 * seconds * messagesPerSecond);
  for (const { name, seen, told, proxies, reached, felt } of subscribers) {
    await reached(published - 1);
    expect(told, name).toEqual([]);
    expect(seen.length, name).toBe(published);
    expect(
      seen.every((n, index) => n === index),
      name,
    ).toBe(true);
    const cuts = proxies.reduce((sum, proxy) => sum + proxy.cuts, 0);
    expect(cuts, name).toBeGreaterThan(seconds / 2);
    // Each turn cuts what carries the stream, if it is there; over HTTP others beside it, which nobody misses.
    expect(felt(), name).toBeGreaterThan(seconds / 2);
  }
}

describe.concurrent("1,000 messages a second, with a connection of each subscriber reset every second", () => {
  const timeout = (mostSeconds + 60) * 1_000;

  it(`lose, double and disorder nothing over ${first!.name} in ${mostSeconds} s`, { timeout }, ({ onTestFinished }) =>
    checkReset(first!, mostSeconds, onTestFinished),
  );

  it(
    `lose, double and disorder nothing over each of ${others.map(({ name }) => name).join(", ")} in ${fewSeconds} s`,
    { timeout },
    async ({ onTestFinished }) => {
      for (const transport of others) await checkReset(transport, fewSeconds, onTestFinished);
    },
  );
});
