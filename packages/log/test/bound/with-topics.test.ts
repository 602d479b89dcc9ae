import { describe, expect, it } from "vitest";
import { memoryLog } from "@hawser/log";
import type { Entry, Head, Log, LogPolicy } from "@hawser/log";
import { withTopics } from "@hawser/log/broker";
import type { TopicsOptions } from "@hawser/log/broker";
import { bindingCases, plain, textOf } from "@hawser/log/conformance";
import type { BindingHarness } from "@hawser/log/conformance";
import { MemoryTopic } from "../support/memory-topic.ts";
import { SimulatedWorld } from "../support/simulated-world.ts";

const policy: LogPolicy = {
  durability: "memory",
  retainCount: 1_000,
  retainBytes: 1e9,
  retainAgeMs: Infinity,
  deduplicateMs: 60_000,
};
/** The ports of a simulated world. */
function portsOf({ clock, timers, random }: SimulatedWorld) {
  return { clock, timers, random };
}

const wide = { maxCount: 1_000_000, maxBytes: 1e9 };

/** A log of several nodes: what one closes, the others still have. */
function shared(log: Log, opened: Promise<void>): Log {
  return {
    capabilities: log.capabilities,
    open: () => opened,
    append: (appends) => log.append(appends),
    head: (channel) => log.head(channel),
    read: (channel, after, options) => log.read(channel, after, options),
    readBackward: (channel, through, options) => log.readBackward(channel, through, options),
    follow: (channel, handlers) => log.follow(channel, handlers),
    close: async () => {},
  };
}

class Nodes {
  readonly world = new SimulatedWorld();
  readonly topic = new MemoryTopic(this.world);
  readonly #own = memoryLog();
  readonly #opened = this.#own.open({ policyOf: () => policy, ...portsOf(this.world) });

  create(options: Partial<TopicsOptions> = {}): Log {
    return withTopics(shared(this.#own, this.#opened), { bindings: [this.topic.binding], ...options });
  }

  async open(options: Partial<TopicsOptions> = {}): Promise<Log> {
    const log = this.create(options);
    await this.world.drive(log.open({ policyOf: () => policy, ...portsOf(this.world) }));
    return log;
  }

  async follow(log: Log, channel: string) {
    const told = { entries: [] as Entry[], heads: [] as Head[], available: [] as boolean[] };
    const follower = await this.world.drive(
      log.follow(channel, {
        onEntries: (entries) => void told.entries.push(...entries),
        onFloor: () => {},
        onEpoch: (head) => void told.heads.push(head),
        onAvailable: (available) => void told.available.push(available),
      }),
    );
    return { ...told, follower };
  }
}

describe("a topic of others as channels", () => {
  function harness(): BindingHarness {
    const nodes = new Nodes();
    const { world, topic } = nodes;
    return {
      ...portsOf(world),
      create: async () => nodes.create(),
      write: async (key, values) => {
        for (const value of values) topic.write(key, value);
      },
      recreate: async () => topic.recreate(),
      drive: (work) => world.drive(work),
      settle: () => world.advance(10),
    };
  }
  for (const { name, run } of bindingCases) {
    it(name, async () => {
      await expect(run(harness())).resolves.toBeUndefined();
    });
  }

  it("takes nothing from clients", async () => {
    const nodes = new Nodes();
    const log = await nodes.open();
    const outcomes = await log.append([plain("orders.1", "no"), plain("own", "yes")]);
    expect(outcomes).toMatchObject([{ kind: "failed", code: "log-full" }, { kind: "accepted" }]);
  });

  it("has as its floor what the broker trimmed", async () => {
    const nodes = new Nodes();
    const { topic, world } = nodes;
    const partition = topic.partitionOf("1");
    for (let count = 1; count <= 5; count += 1) topic.write("1", `${count}`);
    topic.trim(partition, 3);
    const log = await nodes.open();
    expect(await world.drive(log.head("orders.1"))).toMatchObject({ floor: 2, end: 5 });
    const page = await world.drive(log.read("orders.1", 0, wide));
    expect(page).toMatchObject({ floor: 2, interval: { from: 2, to: 5 }, more: false });
    expect(page.entries.map(textOf)).toEqual(["3", "4", "5"]);
  });

  it("tells followers of records that were trimmed before they were read", async () => {
    const nodes = new Nodes();
    const { topic, world } = nodes;
    const log = await nodes.open();
    topic.write("1", "1");
    const told = await nodes.follow(log, "orders.1");
    for (let count = 2; count <= 9; count += 1) topic.write("1", `${count}`);
    topic.trim(topic.partitionOf("1"), 6);
    await world.advance(2_000);
    const { epoch } = told.follower.head;
    expect(told.heads).toEqual([{ epoch, floor: 5, end: 5, lineage: [{ epoch, start: 0 }] }]);
    expect(told.entries.map(textOf)).toEqual(["6", "7", "8", "9"]);
  });

  it("reaches historyOffsets back, and what lies below counts as gone", async () => {
    const nodes = new Nodes();
    const { topic, world } = nodes;
    for (let count = 1; count <= 11; count += 1) topic.write("1", `${count}`);
    const at = await nodes.open({ historyOffsets: 11 });
    expect(await world.drive(at.read("orders.1", 0, wide))).toMatchObject({ floor: 0, interval: { from: 0, to: 11 } });
    const past = await nodes.open({ historyOffsets: 10 });
    const page = await world.drive(past.read("orders.1", 0, wide));
    expect(page).toMatchObject({ floor: 1, interval: { from: 1, to: 11 } });
    expect(page.entries.map(textOf)[0]).toBe("2");
  });

  it("begins a new epoch when its end went back", async () => {
    const nodes = new Nodes();
    const { topic, world } = nodes;
    const log = await nodes.open();
    const told = await nodes.follow(log, "orders.1");
    for (const text of ["1", "2", "3"]) topic.write("1", text);
    await world.advance(2_000);
    topic.truncate(topic.partitionOf("1"), 1);
    topic.write("1", "other 2");
    topic.write("1", "other 3");
    topic.write("1", "4");
    await world.advance(5_000);
    expect(told.heads).toHaveLength(1);
    expect(told.heads[0]!.epoch).toBeGreaterThan(told.follower.head.epoch);
    const page = await world.drive(log.read("orders.1", 0, wide));
    expect([page.epoch, page.entries.map(textOf)]).toEqual([told.heads[0]!.epoch, ["1", "other 2", "other 3", "4"]]);
  });

  it("begins a new epoch when the number of partitions changed, on every node the same", async () => {
    const nodes = new Nodes();
    const { topic, world } = nodes;
    const logs = [await nodes.open(), await nodes.open()];
    const told = [await nodes.follow(logs[0]!, "orders.1"), await nodes.follow(logs[1]!, "orders.1")];
    topic.recreate(5);
    await world.advance(10_000);
    expect(told.map(({ heads }) => heads.length)).toEqual([1, 1]);
    expect(told[0]!.heads[0]!.epoch).toBe(told[1]!.heads[0]!.epoch);
    topic.write("1", "found");
    await world.advance(2_000);
    expect(told.map(({ entries }) => entries.map(textOf))).toEqual([["found"], ["found"]]);
  });

  it("cannot be followed as long as there is no topic, and goes on when there is one again", async () => {
    const nodes = new Nodes();
    const { topic, world } = nodes;
    const log = await nodes.open();
    const told = await nodes.follow(log, "orders.1");
    topic.isThere = false;
    await world.advance(10_000);
    expect(told.available.at(-1)).toBe(false);
    topic.isThere = true;
    topic.recreate();
    await world.advance(10_000);
    expect(told.available.at(-1)).toBe(true);
    topic.write("1", "again");
    await world.advance(2_000);
    expect(told.entries.map(textOf)).toEqual(["again"]);
  });

  it("says which records lie where their key is not looked for", async () => {
    const nodes = new Nodes();
    const { topic, world } = nodes;
    const log = await nodes.open();
    const told = [await nodes.follow(log, "orders.1"), await nodes.follow(log, "orders.2")];
    topic.write("1", "elsewhere", topic.partitionOf("2"));
    topic.write(undefined, "for nobody");
    await world.advance(2_000);
    expect(told.map(({ entries }) => entries.length)).toEqual([0, 0]);
    expect(topic.misplaced).toEqual([["1", topic.partitionOf("2")]]);
  });

  it("is followed by as many channels as maxBoundFollowed, and no more", async () => {
    const nodes = new Nodes();
    const log = await nodes.open({ maxBoundFollowed: 2 });
    await nodes.follow(log, "orders.1");
    const second = await nodes.follow(log, "orders.2");
    await expect(nodes.follow(log, "orders.3")).rejects.toMatchObject({ code: "overloaded" });
    second.follower.close();
    await nodes.follow(log, "orders.3");
  });

  it("is closed with its followers, and asks no more", async () => {
    const nodes = new Nodes();
    const { topic, world } = nodes;
    const log = await nodes.open();
    const told = await nodes.follow(log, "orders.1");
    await world.drive(log.close());
    await world.advance(5_000);
    const before = topic.fetches;
    topic.write("1", "late");
    await world.advance(60_000);
    expect([told.entries, topic.fetches]).toEqual([[], before]);
    await expect(log.head("orders.1")).rejects.toMatchObject({ code: "log-closed" });
  });
});
