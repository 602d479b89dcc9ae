import { describe, expect, it } from "vitest";
import { brokerLog } from "@hawser/log/broker";
import type { Broker, BrokerLogSettings, BrokerSource } from "@hawser/log/broker";
import { FakeBroker, fakeSource } from "@hawser/log/fake-broker";
import { plain, textOf } from "@hawser/log/conformance";
import type { Log, LogPolicy } from "@hawser/log";
import { SimulatedWorld } from "../support/simulated-world.ts";

const policy: LogPolicy = {
  durability: "commit",
  retainCount: 1_000_000,
  retainBytes: 1_000_000_000,
  retainAgeMs: Infinity,
  deduplicateMs: 1_000_000,
};
const limits = { maxCount: 10_000, maxBytes: 1_000_000_000 };
const small: BrokerLogSettings = { checkpointEvery: 200, checkpointJitterMs: 20, readWhole: 0, blockOffsets: 100 };

/** A source whose fetches are counted. */
function counted(broker: FakeBroker): { source: BrokerSource; fetched: { offset: number; waitMs: number }[] } {
  const fetched: { offset: number; waitMs: number }[] = [];
  const inner = fakeSource(broker);
  const count = (partition: Broker): Broker => ({
    produce: (records) => partition.produce(records),
    fetch: (offset, maxCount, waitMs) => {
      fetched.push({ offset, waitMs });
      return partition.fetch(offset, maxCount, waitMs);
    },
  });
  return { source: { ...inner, open: async (ports) => (await inner.open(ports)).map(count) }, fetched };
}

async function openNode(world: SimulatedWorld, source: BrokerSource, settings: BrokerLogSettings, own = policy) {
  const { clock, timers, random } = world;
  const log = brokerLog({ source, ...small, ...settings });
  await world.drive(log.open({ policyOf: () => own, clock, timers, random }));
  return log;
}

/** A log of `count` entries of ten channels, one after the other, with a node that wrote them. */
async function written(count: number, settings: BrokerLogSettings = {}, own = policy) {
  const world = new SimulatedWorld();
  const { clock, timers, random } = world;
  const broker = new FakeBroker({ clock, timers, random });
  const writer = await openNode(world, fakeSource(broker), settings, own);
  for (let first = 0; first < count; first += 50) {
    const appends = Array.from({ length: 50 }, (_, index) => plain(`room.${(first + index) % 10}`, `${first + index}`));
    await world.drive(writer.append(appends));
    await world.advance(30);
  }
  return { world, broker, writer };
}

const textsOf = async (world: SimulatedWorld, log: Log, channel: string, after: number): Promise<string[]> =>
  (await world.drive(log.read(channel, after, limits))).entries.map(textOf);

describe("a node that starts", () => {
  it("reads from the newest checkpoint on, however long the log is", async () => {
    const { world, broker } = await written(3_000);
    const { source, fetched } = counted(broker);
    const log = await openNode(world, source, {});
    expect(Math.min(...fetched.slice(1).map(({ offset }) => offset))).toBeGreaterThan(1_500);
    expect(fetched.length).toBeLessThan(8);
    const head = await world.drive(log.head("room.3"));
    expect(head.end).toBeGreaterThan(2_900);
    expect(await textsOf(world, log, "room.3", 0)).toEqual(
      Array.from({ length: 300 }, (_, index) => `${index * 10 + 3}`),
    );
  });

  it("tells of records that did not count like one that saw them, below its checkpoint too", async () => {
    const { world, broker, writer } = await written(500);
    const copies = broker.records.filter(({ record }) => record.kind === "append").slice(100, 140);
    for (const { record } of copies) broker.inject({ ...record, epoch: 1, id: `${record.id}-late` } as typeof record);
    for (let index = 0; index < 500; index += 1) await world.drive(writer.append([plain("room.1", `more ${index}`)]));
    await world.advance(1_000);
    const cold = await openNode(world, counted(broker).source, {});
    for (const channel of ["room.0", "room.1", "room.7"]) {
      expect(await textsOf(world, cold, channel, 0)).toEqual(await textsOf(world, writer, channel, 0));
    }
  });

  it("finds the newest entries of a channel backward, below where it began", async () => {
    const { world, broker, writer } = await written(1_000);
    await world.drive(writer.append(Array.from({ length: 1_000 }, (_, index) => plain("busy", `${index}`))));
    await world.advance(1_000);
    const cold = await openNode(world, counted(broker).source, {});
    const page = await world.drive(cold.readBackward("room.4", Number.MAX_SAFE_INTEGER, { ...limits, maxCount: 3 }));
    expect(page.entries.map(textOf)).toEqual(["974", "984", "994"]);
    expect(page.more).toBe(true);
    const rest = await world.drive(cold.readBackward("room.4", page.interval.from, limits));
    expect(rest.entries).toHaveLength(97);
    expect(rest.more).toBe(false);
  });
});

describe("10,000 readers who come back at once", () => {
  it.each([
    { node: "one that saw it all", isCold: false },
    { node: "one that has just started", isCold: true },
  ])("cost $node a pass over the blocks, and not one each", async ({ isCold }) => {
    const { world, broker, writer } = await written(3_000, { maxTailRecords: 100 });
    const { source, fetched } = counted(broker);
    const settings = { maxTailRecords: 100, maxBlockBytes: 2_000 };
    const log = isCold
      ? await openNode(world, source, settings)
      : await openNode(world, source, { ...settings, readWhole: 1e9 });
    void writer;
    fetched.length = 0;
    const readers = Array.from({ length: 10_000 }, async (_, index) => {
      const channel = `room.${index % 10}`;
      // Each stands somewhere else.
      let after = 2_200 + ((index * 7) % 600);
      let count = 0;
      for (let more = true; more;) {
        const page = await log.read(channel, after, { maxCount: 100, maxBytes: 1_000_000 });
        count += page.entries.length;
        after = page.interval.to;
        more = page.more;
      }
      return count;
    });
    const counts = await world.drive(Promise.all(readers));
    expect(Math.min(...counts)).toBeGreaterThan(15);
    const blocks = Math.ceil(broker.end / 100);
    // A block is fetched, and then it is asked whether the log is still the same.
    expect(fetched.filter(({ waitMs }) => waitMs === 0).length).toBeLessThan(blocks * (isCold ? 5 : 3));
  });
});

describe("a node that keeps little in memory", () => {
  it("gives all that is retained, from blocks and from the tail", async () => {
    const { world, writer } = await written(1_000, { maxTailRecords: 30, maxTailBytes: 50 });
    for (const after of [0, 333, 950]) {
      const page = await world.drive(writer.read("room.5", after, limits));
      expect(page.entries.map(textOf)).toEqual(
        Array.from({ length: 100 }, (_, index) => `${index * 10 + 5}`).slice(-page.entries.length),
      );
      expect(page.entries.every(({ offset }) => offset > after)).toBe(true);
      expect(page.interval.from).toBe(after);
    }
  });

  it("trims block by block below the tail: by number up to a block more, by bytes up to a block less", async () => {
    const byCount = await written(1_000, { maxTailRecords: 10 }, { ...policy, retainCount: 25 });
    const kept = await textsOf(byCount.world, byCount.writer, "room.5", 0);
    expect(kept.length).toBeGreaterThanOrEqual(25);
    expect(kept.length).toBeLessThanOrEqual(35);
    const byBytes = await written(1_000, { maxTailRecords: 10 }, { ...policy, retainBytes: 75 });
    const bytes = (await textsOf(byBytes.world, byBytes.writer, "room.5", 0)).join("").length;
    expect(bytes).toBeLessThanOrEqual(75);
    expect(bytes).toBeGreaterThan(40);
  });
});
