import { describe, expect, it } from "vitest";
import type { FaultRates } from "@hawser/log/fake-broker";
import { textOf, texts } from "@hawser/log/conformance";
import { seededNumbers } from "../../src/conformance/seeded-numbers.ts";
import { Cluster } from "../support/cluster.ts";
import type { Node } from "../support/cluster.ts";
import { Publisher } from "../support/publisher.ts";
import { Subscriber } from "../support/subscriber.ts";

/** Runs of each kind; HAWSER_RUNS asks for more. */
const runs = Number(process.env["HAWSER_RUNS"] ?? 12);
const sequences = 60;
const producers = ["p", "q", "r"];

/** Rates of a run: which faults there are, and how often, is drawn anew for each seed. */
function drawRates(next: (below: number) => number, faults: readonly (keyof FaultRates)[]): Partial<FaultRates> {
  return Object.fromEntries(faults.map((fault) => [fault, next(2) * next(30) * (fault === "trim" ? 0.001 : 0.01)]));
}

const ambiguous = ["loseRequest", "loseReply", "lateReply", "lateAppend", "duplicate", "loseFetch", "gap"] as const;

/** Two nodes, three producers, two subscribers; what each saw. */
async function run(seed: number, faults: readonly (keyof FaultRates)[], disturb?: (cluster: Cluster) => void) {
  const next = seededNumbers(seed);
  const cluster = new Cluster(seed, drawRates(next, faults));
  const { world } = cluster;
  if (next(4) === 0) cluster.broker.rates.outage = faults.includes("outage") ? 0.02 : 0;
  const nodes: [Node, Node] = [await cluster.node(), await cluster.node()];
  const subscribers = await Promise.all(nodes.map(({ log }) => world.drive(Subscriber.follow(log, "a"))));
  const publishers = producers.map((producer) => new Publisher("a", producer));
  const published = Promise.all(
    publishers.map((publisher) => publisher.publish(1, sequences, 1 + next(8), () => nodes[next(2)]!)),
  );
  if (disturb === undefined) {
    await world.drive(published);
  } else {
    for (let step = 0; step < 10; step += 1) {
      await world.advance(20 + next(300));
      disturb(cluster);
    }
    cluster.heal();
    await world.drive(published);
  }
  cluster.heal();
  await world.advance(20_000);
  await world.drive(Promise.all(subscribers.map(({ catchingUp }) => catchingUp)));
  const cold = await cluster.node();
  const pages = await Promise.all([...nodes, cold].map((node) => cluster.readAll(node, "a")));
  return { cluster, nodes, publishers, subscribers, pages, cold };
}

const seen = (entries: Parameters<typeof textOf>[0][]): { offset: number; text: string }[] =>
  entries.map((entry) => ({ offset: entry.offset, text: textOf(entry) }));

describe("a broker that loses, doubles and delays", () => {
  it.each(Array.from({ length: runs }, (_, index) => index + 1))(
    "gives every node the same entries, each once and in its producer's order (seed %i)",
    async (seed) => {
      const { publishers, subscribers, pages } = await run(seed, [...ambiguous, "outage"]);
      const [page] = pages;
      const entries = seen([...page!.entries]);
      for (const other of pages) expect(seen([...other.entries])).toEqual(entries);
      for (const subscriber of subscribers) {
        expect(subscriber.faults).toEqual([]);
        expect(subscriber.epochs).toEqual([]);
        expect(subscriber.seen).toEqual(entries);
      }
      for (const { producer, accepted } of publishers) {
        const own = entries.filter(({ text }) => text.startsWith(producer));
        expect(own.map(({ text }) => text)).toEqual(texts(`${producer}-`, 1, sequences));
        for (const [sequence, { offset, epoch }] of accepted) {
          expect({ epoch, offset }).toEqual({ epoch: page!.epoch, offset: own[sequence - 1]!.offset });
        }
      }
    },
  );
});

describe("a broker that trims without a trace", () => {
  it.each(Array.from({ length: runs }, (_, index) => index + 10_001))(
    "gives every node the same above the floors that it tells (seed %i)",
    async (seed) => {
      const { cluster, subscribers, pages, nodes } = await run(seed, [...ambiguous, "trim"]);
      const floor = Math.max(...pages.map((page) => page.floor));
      const above = pages.map((page) => seen(page.entries.filter((entry) => entry.offset > floor)));
      for (const entries of above) expect(entries).toEqual(above[0]);
      for (const subscriber of subscribers) {
        expect(subscriber.faults).toEqual([]);
        // A trim that overtakes the reader is told as a new beginning in the same epoch.
        expect(subscriber.epochs.every((epoch) => epoch === pages[0]!.epoch)).toBe(true);
        expect(subscriber.seen.filter(({ offset }) => offset > Math.max(floor, subscriber.floor))).toEqual(
          above[0]!.filter(({ offset }) => offset > subscriber.floor),
        );
        const all = subscriber.seen.map(({ text }) => text);
        expect(new Set(all).size).toBe(all.length);
      }
      for (const node of nodes) {
        const again = await cluster.append(node, ...producers.map((producer) => lastOf(producer)));
        expect(again.map(({ kind }) => kind)).toEqual(["duplicate", "duplicate", "duplicate"]);
      }
    },
  );
});

describe("a broker whose end goes back", () => {
  it.each(Array.from({ length: runs }, (_, index) => index + 20_001))(
    "raises the epoch, and every node and subscriber ends with the same entries (seed %i)",
    async (seed) => {
      const next = seededNumbers(seed);
      let cuts = 0;
      const { publishers, subscribers, pages, nodes, cluster } = await run(seed, ambiguous, ({ broker }) => {
        if (next(3) > 0) return;
        cuts += 1;
        broker.truncate(broker.records.at(-1 - next(20))?.offset ?? 0);
      });
      const [page] = pages;
      const entries = seen([...page!.entries]);
      for (const other of pages) expect(seen([...other.entries])).toEqual(entries);
      for (const subscriber of subscribers) {
        expect(subscriber.faults).toEqual([]);
        expect(subscriber.seen).toEqual(entries);
        expect(subscriber.epochs.length).toBeLessThanOrEqual(3 * cuts);
      }
      for (const { producer } of publishers) {
        // The log may have gone back once more after all was published.
        const own = entries.filter(({ text }) => text.startsWith(producer));
        expect(own.map(({ text }) => text)).toEqual(texts(`${producer}-`, 1, own.length));
      }
      const heads = await Promise.all(nodes.map(({ log }) => cluster.world.drive(log.head("a"))));
      expect(heads[1]).toEqual(heads[0]);
    },
  );
});

describe("a broker that does all of it at once", () => {
  it.each(Array.from({ length: runs }, (_, index) => index + 30_001))(
    "gives every node the same above the floors that it tells, and nothing twice (seed %i)",
    async (seed) => {
      const next = seededNumbers(seed);
      const { subscribers, pages } = await run(seed, [...ambiguous, "trim", "outage"], ({ broker }) => {
        if (next(3) === 0) broker.truncate(broker.records.at(-1 - next(20))?.offset ?? 0);
        if (next(5) === 0) broker.trim(broker.records[next(broker.records.length >> 1)]?.offset ?? 0);
      });
      const floor = Math.max(...pages.map((page) => page.floor), ...subscribers.map((subscriber) => subscriber.floor));
      const above = pages.map((page) => seen(page.entries.filter((entry) => entry.offset > floor)));
      for (const entries of above) expect(entries).toEqual(above[0]);
      for (const subscriber of subscribers) {
        expect(subscriber.faults).toEqual([]);
        expect(subscriber.seen.filter(({ offset }) => offset > floor)).toEqual(above[0]);
        const offsets = subscriber.seen.map(({ offset }) => offset);
        expect(offsets).toEqual([...new Set(offsets)].toSorted((left, right) => left - right));
      }
    },
  );
});

function lastOf(producer: string) {
  return {
    channel: "a",
    producer,
    sequence: sequences,
    previous: sequences - 1,
    payload: { kind: "text", data: new Uint8Array(0) },
    key: "",
    publisher: "",
  } as const;
}
