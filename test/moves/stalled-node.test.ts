import { setTimeout as later } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { Cleanup } from "../command/hawser-process.ts";
import { StallingProxy } from "../support/stalling-proxy.ts";
import { Cluster, numbered, Reader } from "./cluster.ts";
import type { ClusterNode } from "./cluster.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const channel = "turns";
const stallMs = 500;

interface Stall {
  readonly begin: () => void;
  readonly end: () => void;
}

/**
 * Two writers, one on each node, publish in turns before, while and after the second node stands still; two readers are on
 * each. The turns go by the answers to the first writer: the second one has none while its node stalls.
 */
async function appendInTurns(cluster: Cluster, a: ClusterNode, b: ClusterNode, stall: Stall): Promise<Seen> {
  const readers = [a, a, b, b].map((node, index) => new Reader(cluster.client(`reader-${index}`, node.url), channel));
  const [first, second] = [cluster.client("a", a.url), cluster.client("b", b.url)];
  const open: PromiseLike<unknown>[] = [];
  let turns = 0;
  const turn = async (): Promise<void> => {
    const published = first.channel(channel).publish(`a-${turns}`);
    open.push(second.channel(channel).publish(`b-${turns}`));
    turns += 1;
    await published;
  };
  while (turns < 100) await turn();
  await Promise.all(open);
  await Promise.all(readers.map((reader) => reader.reached(200)));

  let stalled = true;
  stall.begin();
  const over = later(stallMs).then(() => (stalled = false));
  while (stalled) await turn();
  await over;
  await readers[0]!.reached(200 + 1);
  // The second node's readers saw nothing of what the first one's have.
  expect(readers[2]!.messages.length).toBeLessThan(readers[0]!.messages.length);
  stall.end();

  for (const until = turns + 100; turns < until;) await turn();
  await Promise.all(open);
  await Promise.all(readers.map((reader) => reader.reached(2 * turns)));
  const offsets = readers[0]!.messages.map(({ position }) => position.offset);
  return {
    turns,
    told: readers.flatMap((reader) => reader.told),
    // What each reader has of each writer, where it is not the same for all.
    ofWriters: distinct(readers.map((reader) => [reader.of("a"), reader.of("b")])),
    orders: distinct(readers.map((reader) => reader.placed)).length,
    rising: offsets.every((offset, index) => index === 0 || offset > offsets[index - 1]!),
  };
}

interface Seen {
  readonly turns: number;
  readonly told: readonly string[];
  readonly ofWriters: readonly unknown[];
  readonly orders: number;
  readonly rising: boolean;
}

/** What is to be seen after so many turns. */
const everything = (turns: number): Seen => ({
  turns,
  told: [],
  ofWriters: [[numbered("a", turns), numbered("b", turns)]],
  orders: 1,
  rising: true,
});

function distinct(values: readonly unknown[]): readonly unknown[] {
  return [...new Set(values.map((value) => JSON.stringify(value)))].map((text) => JSON.parse(text) as unknown);
}

describe("two nodes that append to one channel in turns", () => {
  it("show everything, once and in one order, to the readers of both, when one hears nothing of the log for half a second", async () => {
    const cluster = await Cluster.start(cleanup);
    const proxy = await StallingProxy.to(cluster.logPort);
    cleanup.add(() => proxy.close());
    const [a, b] = [await cluster.node(), await cluster.node(proxy.port)];
    const seen = await appendInTurns(cluster, a, b, { begin: () => proxy.stall(), end: () => proxy.flow() });
    expect(seen).toEqual(everything(seen.turns));
  });

  it("show everything, once and in one order, to the readers of both, when one stands still for half a second", async () => {
    const cluster = await Cluster.start(cleanup);
    const [a, b] = [await cluster.node(), await cluster.node()];
    const { child } = b.process;
    const signals = { begin: () => child.kill("SIGSTOP"), end: () => child.kill("SIGCONT") };
    const seen = await appendInTurns(cluster, a, b, signals);
    expect(seen).toEqual(everything(seen.turns));
  });
});
