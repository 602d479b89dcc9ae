import { describe, expect, it } from "vitest";
import type { Head } from "@hawser/log";
import { numbered, plain, textOf, texts } from "@hawser/log/conformance";
import { brokerLog } from "@hawser/log/broker";
import { fakeSource } from "@hawser/log/fake-broker";
import { Cluster } from "../support/cluster.ts";
import { Subscriber } from "../support/subscriber.ts";

const kinds = (outcomes: readonly { kind: string }[]): string[] => outcomes.map(({ kind }) => kind);

describe("duplicate in the log, cold reader", () => {
  it("decides about a copy behind the trimmed original like a reader that saw both", async () => {
    const cluster = new Cluster();
    const warm = await cluster.node({ checkpointEvery: 10, maxCheckpointBytes: 10_000 });
    const outcomes = await cluster.append(warm, ...texts("", 1, 30).map((_, index) => numbered("a", "p", index + 1)));
    await cluster.world.advance(100);
    const copies = cluster.broker.records.filter(({ record }) => record.kind === "append").slice(0, 12);
    const checkpoint = cluster.broker.records.findLast(({ record }) => record.kind === "checkpoint");
    expect(checkpoint?.record.kind === "checkpoint" && checkpoint.record.through).toBeGreaterThan(12);
    cluster.broker.trim(copies.at(-1)!.offset);
    for (const { record } of copies) cluster.broker.inject(record);
    await cluster.world.advance(100);

    const cold = await cluster.node();
    const [warmPage, coldPage] = [await cluster.readAll(warm, "a"), await cluster.readAll(cold, "a")];
    const above = warmPage.entries.filter(({ offset }) => offset > coldPage.floor);
    expect(coldPage.entries).toEqual(above);
    expect(warmPage.entries.map(textOf)).toEqual(texts("p-", 13, 18));
    expect(await cluster.append(cold, numbered("a", "p", 5), numbered("a", "p", 33), numbered("a", "p", 31))).toEqual([
      { ...outcomes[4], kind: "duplicate" },
      { kind: "out-of-order", last: 30 },
      { kind: "accepted", epoch: coldPage.epoch, offset: expect.any(Number) as number },
    ]);
    expect(kinds(await cluster.append(warm, numbered("a", "p", 31), numbered("a", "p", 32)))).toEqual([
      "duplicate",
      "accepted",
    ]);
  });

  it("tells a floor below which it no longer knows what counted, past maxRefused records that did not", async () => {
    const cluster = new Cluster();
    const limits = { maxRefused: 8, checkpointEvery: 10, maxCheckpointBytes: 10_000 };
    const warm = await cluster.node(limits);
    for (let sequence = 1; sequence <= 60; sequence += 1) {
      await cluster.append(warm, numbered("a", "p", sequence), numbered("a", "p", 1));
    }
    await cluster.world.advance(500);
    const cold = await cluster.node(limits);
    const [warmPage, coldPage] = [await cluster.readAll(warm, "a"), await cluster.readAll(cold, "a")];
    expect(warmPage.floor).toBeGreaterThan(0);
    expect(coldPage.floor).toBeGreaterThan(0);
    const floor = Math.max(warmPage.floor, coldPage.floor);
    const above = warmPage.entries.filter(({ offset }) => offset > floor);
    expect(above.length).toBeGreaterThan(3);
    expect(coldPage.entries.filter(({ offset }) => offset > floor)).toEqual(above);
    expect(warmPage.entries.at(-1)).toEqual(coldPage.entries.at(-1));
  });

  it("forgets a producer by the log's time, at the same record on every node", async () => {
    const cluster = new Cluster(1, {}, { deduplicateMs: 1_000 });
    const warm = await cluster.node();
    await cluster.append(warm, numbered("a", "p", 1));
    await cluster.world.advance(5_000);
    const cold = await cluster.node();
    // The log's own time has not moved since; it moves with the next record.
    expect(kinds(await cluster.append(cold, numbered("a", "p", 2)))).toEqual(["producer-unknown"]);
    expect(kinds(await cluster.append(warm, numbered("a", "p", 2)))).toEqual(["producer-unknown"]);
  });
});

describe("an append whose reply is lost", () => {
  it("is accepted when the node's own reader has passed it", async () => {
    const cluster = new Cluster();
    const node = await cluster.node();
    cluster.broker.rates.loseReply = 1;
    const [outcome] = await cluster.append(node, numbered("a", "p", 1));
    expect(outcome?.kind).toBe("accepted");
    expect((await cluster.readAll(node, "a")).entries.map(textOf)).toEqual(["p-1"]);
  });

  it("is in the log once when it landed after the node had sent it again over another", async () => {
    const cluster = new Cluster();
    const [one, two] = [await cluster.node(), await cluster.node()];
    cluster.broker.rates.lateAppend = 1;
    const late = one.log.append([numbered("a", "p", 1)]);
    await cluster.world.advance(1);
    cluster.heal();
    expect(kinds(await cluster.append(two, numbered("a", "p", 1)))).toEqual(["accepted"]);
    expect(kinds(await cluster.world.drive(late))).toEqual(["duplicate"]);
    await cluster.world.advance(1_000);
    expect((await cluster.readAll(two, "a")).entries.map(textOf)).toEqual(["p-1"]);
  });
});

describe("an append that is overtaken by the next one of its producer", () => {
  it("is appended in the order of the calls all the same", async () => {
    const cluster = new Cluster();
    const node = await cluster.node();
    cluster.broker.rates.lateAppend = 1;
    const first = node.log.append([numbered("a", "p", 1)]);
    cluster.heal();
    const others = [node.log.append([numbered("a", "p", 2)]), node.log.append([numbered("a", "p", 3)])];
    const outcomes = (await cluster.world.drive(Promise.all([first, ...others]))).flat();
    expect(kinds(outcomes)).toEqual(["accepted", "accepted", "accepted"]);
    expect((await cluster.readAll(node, "a")).entries.map(textOf)).toEqual(["p-1", "p-2", "p-3"]);
  });
});

describe("a broker that does not answer", () => {
  it("makes appends and reads fail with log-unavailable, tells followers, and goes on where it was", async () => {
    const cluster = new Cluster();
    const node = await cluster.node({ appendTimeoutMs: 1_000, readTimeoutMs: 1_000 });
    const available: boolean[] = [];
    await cluster.world.drive(
      node.log.follow("a", {
        onEntries: () => {},
        onFloor: () => {},
        onEpoch: () => {},
        onAvailable: (now) => available.push(now),
      }),
    );
    cluster.broker.goAway(10_000);
    const outcomes = await cluster.append(node, numbered("a", "p", 1));
    expect(outcomes).toEqual([{ kind: "failed", code: "log-unavailable", message: expect.any(String) as string }]);
    await expect(cluster.world.drive(node.log.head("a"))).rejects.toMatchObject({
      code: "log-unavailable",
      retry: true,
    });
    await cluster.world.advance(10_000);
    expect(available).toEqual([false, true]);
    expect(kinds(await cluster.append(node, numbered("a", "p", 1)))).toEqual(["accepted"]);
  });

  it("makes opening fail with log-unavailable", async () => {
    const cluster = new Cluster();
    cluster.broker.goAway(100_000);
    await expect(cluster.node({ openTimeoutMs: 500 })).rejects.toMatchObject({ code: "log-unavailable" });
  });

  it("bounds the appends that wait (maxPending)", async () => {
    const cluster = new Cluster();
    const node = await cluster.node({ appendTimeoutMs: 1_000, maxPending: 3 });
    const outcomes = await cluster.append(node, ...texts("", 1, 4).map((text) => plain("a", text)));
    expect(kinds(outcomes)).toEqual(["accepted", "accepted", "accepted", "failed"]);
  });
});

describe("the log went back", () => {
  it("raises the epoch once for all nodes, with the place to which it went back in the lineage", async () => {
    const cluster = new Cluster();
    const [one, two] = [await cluster.node(), await cluster.node()];
    const before = await cluster.world.drive(one.log.head("a"));
    const subscriber = await cluster.world.drive(Subscriber.follow(two.log, "a"));
    const outcomes = await cluster.append(one, ...texts("", 1, 10).map((_, index) => numbered("a", "p", index + 1)));
    await cluster.world.advance(50);
    const sixth = outcomes[5];
    const start = sixth?.kind === "accepted" ? sixth.offset : 0;
    cluster.broker.truncate(start);
    await cluster.world.advance(2_000);

    const heads: Head[] = [await cluster.world.drive(one.log.head("a")), await cluster.world.drive(two.log.head("a"))];
    expect(heads[1]).toEqual(heads[0]);
    const { epoch, lineage } = heads[0]!;
    expect(epoch).toBeGreaterThan(before.epoch);
    expect(lineage).toEqual([
      { epoch: before.epoch, start: expect.any(Number) as number },
      { epoch, start },
    ]);
    expect(subscriber.epochs).toEqual([epoch]);
    expect(subscriber.seen.map(({ text }) => text)).toEqual(texts("p-", 1, 6));
    // The producer's state went back with its entries.
    expect(kinds(await cluster.append(two, numbered("a", "p", 11), numbered("a", "p", 7)))).toEqual([
      "out-of-order",
      "accepted",
    ]);
    await cluster.world.advance(50);
    expect(subscriber.seen.map(({ text }) => text)).toEqual(texts("p-", 1, 7));
    expect(subscriber.faults).toEqual([]);
  });

  it("is found although the log has grown past the old end before anybody looked", async () => {
    const cluster = new Cluster();
    const [one, two] = [await cluster.node(), await cluster.node()];
    await cluster.append(one, ...texts("", 1, 5).map((text) => plain("a", text)));
    const subscriber = await cluster.world.drive(Subscriber.follow(two.log, "a"));
    await cluster.append(one, plain("a", "6"), plain("a", "7"));
    await cluster.world.drive(two.log.head("a"));
    two.source.deaf = true;
    await cluster.world.advance(1_000);
    cluster.broker.truncate(cluster.broker.end - 2);
    await cluster.world.advance(1_500);
    await cluster.append(one, ...texts("n", 1, 20).map((text) => plain("a", text)));
    two.source.deaf = false;
    await cluster.world.advance(3_000);
    await cluster.world.drive(subscriber.catchingUp);
    const entries = (await cluster.readAll(one, "a")).entries.map(textOf);
    expect(subscriber.faults).toEqual([]);
    expect([...texts("", 1, 5), ...subscriber.seen.map(({ text }) => text)]).toEqual(entries);
  });

  it("is not taken for the same log where a copy of a record has landed at the place of the old one", async () => {
    const cluster = new Cluster();
    const node = await cluster.node();
    await cluster.append(node, plain("a", "1"), plain("a", "2"), plain("a", "3"), plain("a", "4"));
    await cluster.world.drive(node.log.head("a"));
    const [first, second, third] = cluster.broker.records.filter(({ record }) => record.kind === "append");
    node.source.deaf = true;
    await cluster.world.advance(1_000);
    cluster.broker.truncate(first!.offset);
    cluster.broker.inject({ ...second!.record, id: "another" });
    cluster.broker.inject(third!.record);
    node.source.deaf = false;
    await cluster.world.advance(3_000);
    const { lineage } = await cluster.world.drive(node.log.head("a"));
    expect(lineage.at(-1)?.start).toBe(first!.offset);
  });

  it("gives a log that was made anew an epoch above the old one, of which positions are unknown", async () => {
    const cluster = new Cluster();
    const [one, two] = [await cluster.node(), await cluster.node()];
    await cluster.append(one, plain("a", "old"));
    const before = await cluster.world.drive(one.log.head("a"));
    await cluster.world.drive(two.log.head("a"));
    cluster.broker.recreate();
    await cluster.world.advance(2_000);
    const [first, second] = [
      await cluster.world.drive(one.log.head("a")),
      await cluster.world.drive(two.log.head("a")),
    ];
    expect(second).toEqual(first);
    expect([first.floor, first.end]).toEqual([0, 0]);
    expect(first.lineage).toEqual([{ epoch: first.epoch, start: 0 }]);
    expect(first.epoch).toBeGreaterThan(before.epoch);
  });

  it("does not count what was sent for the epoch before and landed behind the new one", async () => {
    const cluster = new Cluster();
    const node = await cluster.node();
    await cluster.append(node, numbered("a", "p", 1), numbered("a", "p", 2));
    const old = cluster.broker.records.find(({ record }) => record.kind === "append")!.record;
    cluster.broker.truncate(1);
    await cluster.world.advance(2_000);
    expect((await cluster.readAll(node, "a")).entries).toEqual([]);
    cluster.broker.inject(old);
    await cluster.world.advance(50);
    expect((await cluster.readAll(node, "a")).entries).toEqual([]);
  });
});

describe("a trim that overtakes the reader", () => {
  it("is told as a new beginning in the same epoch, from which the feed goes on", async () => {
    const cluster = new Cluster();
    const [one, two] = [await cluster.node(), await cluster.node()];
    const heads: Head[] = [];
    const given: string[] = [];
    await cluster.world.drive(
      two.log.follow("a", {
        onEntries: (entries) => given.push(...entries.map(textOf)),
        onFloor: () => {},
        onEpoch: (head) => heads.push(head),
      }),
    );
    two.source.deaf = true;
    await cluster.world.advance(1_000);
    await cluster.append(one, ...texts("", 1, 100).map((text) => plain("a", text)));
    cluster.broker.trim(cluster.broker.end);
    two.source.deaf = false;
    await cluster.world.advance(1_000);
    await cluster.append(one, plain("a", "101"));
    const head = await cluster.world.drive(two.log.head("a"));
    expect(heads.map(({ epoch, floor, end }) => [epoch, floor === end])).toEqual([[head.epoch, true]]);
    expect(given).toEqual(["101"]);
    expect((await cluster.readAll(two, "a")).interval.from).toBe(heads[0]?.end);
  });
});

describe("a log that was trimmed to nothing", () => {
  it("gives a cold node the state of a warm one, by a checkpoint that it asks for", async () => {
    const cluster = new Cluster();
    const warm = await cluster.node();
    await cluster.append(warm, numbered("a", "p", 1), numbered("a", "p", 2));
    cluster.broker.trim(cluster.broker.end);
    const cold = await cluster.node();
    expect((await cluster.world.drive(cold.log.head("a"))).epoch).toBe(
      (await cluster.world.drive(warm.log.head("a"))).epoch,
    );
    expect(kinds(await cluster.append(cold, numbered("a", "p", 2), numbered("a", "p", 3)))).toEqual([
      "duplicate",
      "accepted",
    ]);
    expect((await cluster.readAll(cold, "a")).entries.map(textOf)).toEqual(["p-3"]);
  });

  it("begins anew, in one higher epoch for all, when nobody knows it any more", async () => {
    const cluster = new Cluster();
    const gone = await cluster.node();
    await cluster.append(gone, numbered("a", "p", 1));
    const before = await cluster.world.drive(gone.log.head("a"));
    gone.source.disconnect();
    cluster.broker.trim(cluster.broker.end);
    const clock = cluster.world;
    const [one, two] = await clock.drive(Promise.all([0, 1].map(() => openLater(cluster))));
    const heads = [await clock.drive(one!.head("a")), await clock.drive(two!.head("a"))];
    expect(heads[1]).toEqual(heads[0]);
    expect(heads[0]!.epoch).toBeGreaterThan(before.epoch);
    expect(heads[0]!.lineage).toHaveLength(1);
    expect(kinds(await clock.drive(two!.append([numbered("a", "p", 2)])))).toEqual(["producer-unknown"]);
  });
});

/** Opens a node without driving the world: for several that open at once. */
async function openLater(cluster: Cluster) {
  const log = brokerLog({ source: fakeSource(cluster.broker) });
  const { clock, timers, random } = cluster.world;
  await log.open({ policyOf: () => cluster.policy, clock, timers, random });
  return log;
}
