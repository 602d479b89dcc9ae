import { describe, expect, it } from "vitest";
import { memoryLog } from "@hawser/log";
import type { AppendOutcome, Entry, Head, Log, LogPolicy } from "@hawser/log";
import { withTopics } from "@hawser/log/broker";
import type { TopicsOptions } from "@hawser/log/broker";
import { numbered, plain, textOf } from "@hawser/log/conformance";
import { seededNumbers } from "../../src/conformance/seeded-numbers.ts";
import { MemoryTopic } from "../support/memory-topic.ts";
import { SimulatedWorld } from "../support/simulated-world.ts";

const policy: LogPolicy = {
  durability: "memory",
  retainCount: 1_000,
  retainBytes: 1e9,
  retainAgeMs: Infinity,
  deduplicateMs: 60_000,
};
const wide = { maxCount: 1_000_000, maxBytes: 1e9 };
const runs = Number(process.env["HAWSER_RUNS"] ?? 20);

/** Nodes that publish into a topic that others write too. Each has a log of its own beside it, since only epochs are kept there. */
class Nodes {
  readonly world: SimulatedWorld;
  readonly topic: MemoryTopic;
  readonly #own = memoryLog();
  readonly #opened: Promise<void>;

  constructor(seed = 1) {
    this.world = new SimulatedWorld(seed);
    this.topic = new MemoryTopic(this.world);
    this.topic.isWritten = true;
    const { clock, timers, random } = this.world;
    this.#opened = this.#own.open({ policyOf: () => policy, clock, timers, random });
  }

  async open(options: Partial<TopicsOptions> = {}): Promise<Log> {
    const { clock, timers, random } = this.world;
    const own = { ...unbound(this.#own), open: () => this.#opened, close: async () => {} };
    const log = withTopics(own, { bindings: [this.topic.binding], ...options });
    await this.world.drive(log.open({ policyOf: () => policy, clock, timers, random }));
    return log;
  }

  append(log: Log, ...appends: Parameters<Log["append"]>[0]): Promise<readonly AppendOutcome[]> {
    return this.world.drive(log.append(appends));
  }

  async follow(log: Log, channel: string) {
    const told = { entries: [] as Entry[], heads: [] as Head[] };
    await this.world.drive(
      log.follow(channel, {
        onEntries: (entries) => void told.entries.push(...entries),
        onFloor: () => {},
        onEpoch: (head) => void told.heads.push(head),
      }),
    );
    return told;
  }

  async read(log: Log, channel: string): Promise<readonly Entry[]> {
    return (await this.world.drive(log.read(channel, 0, wide))).entries;
  }
}

function unbound(log: Log): Log {
  return {
    capabilities: log.capabilities,
    open: (options) => log.open(options),
    append: (appends) => log.append(appends),
    head: (channel) => log.head(channel),
    read: (channel, after, options) => log.read(channel, after, options),
    readBackward: (channel, through, options) => log.readBackward(channel, through, options),
    follow: (channel, handlers) => log.follow(channel, handlers),
    close: () => log.close(),
  };
}

describe("a topic of others that is written too", () => {
  it("takes what is published, as it is, among what others write", async () => {
    const nodes = new Nodes();
    const { topic } = nodes;
    const log = await nodes.open();
    const told = await nodes.follow(log, "orders.1");
    topic.write("1", "a");
    const outcomes = await nodes.append(log, plain("orders.1", "b"), numbered("orders.1", "p", 1));
    topic.write("1", "c");
    await nodes.world.advance(2_000);
    expect(outcomes.map(({ kind }) => kind)).toEqual(["accepted", "accepted"]);
    expect(told.entries.map(textOf)).toEqual(["a", "b", "p-1", "c"]);
    expect(await nodes.read(log, "orders.1")).toEqual(told.entries);
    const { epoch } = await nodes.world.drive(log.head("orders.1"));
    expect(outcomes).toMatchObject([
      { epoch, offset: told.entries[1]!.offset },
      { epoch, offset: told.entries[2]!.offset },
    ]);
  });

  it("keeps the publisher and the key of what is published", async () => {
    const nodes = new Nodes();
    const log = await nodes.open();
    await nodes.append(log, { ...plain("orders.1", "x"), publisher: "ada", key: "price" });
    expect(await nodes.read(log, "orders.1")).toMatchObject([{ publisher: "ada", key: "price" }]);
  });

  it("writes nothing that is known to be refused", async () => {
    const nodes = new Nodes();
    const log = await nodes.open();
    await nodes.append(log, numbered("orders.1", "p", 1), numbered("orders.1", "p", 2));
    const { landed } = nodes.topic;
    const outcomes = await nodes.append(
      log,
      numbered("orders.1", "p", 2),
      numbered("orders.1", "p", 9, 8),
      numbered("orders.1", "q", 2),
    );
    expect(outcomes).toEqual([
      { kind: "duplicate", epoch: 0, offset: 0 },
      { kind: "out-of-order", last: 2 },
      { kind: "producer-unknown" },
    ]);
    expect(nodes.topic.landed).toBe(landed);
  });

  it("refuses what its records cannot hold", async () => {
    const nodes = new Nodes();
    const log = await nodes.open();
    const outcomes = await nodes.append(
      log,
      plain("orders.1", "x".repeat(1_000)),
      plain("orders.1", "x".repeat(1_001)),
    );
    expect(outcomes).toMatchObject([{ kind: "accepted" }, { kind: "failed", code: "log-full" }]);
  });

  it("goes on over another node, which knows what the first has written", async () => {
    const nodes = new Nodes();
    const logs = [await nodes.open(), await nodes.open()] as const;
    await nodes.append(logs[0], numbered("orders.1", "p", 1));
    const outcomes = await nodes.append(logs[1], numbered("orders.1", "p", 1), numbered("orders.1", "p", 2));
    expect(outcomes.map(({ kind }) => kind)).toEqual(["duplicate", "accepted"]);
    const late = await nodes.open();
    expect(
      (await nodes.append(late, numbered("orders.1", "p", 2), numbered("orders.1", "p", 3))).map(({ kind }) => kind),
    ).toEqual(["duplicate", "accepted"]);
    expect((await nodes.read(logs[0], "orders.1")).map(textOf)).toEqual(["p-1", "p-2", "p-3"]);
  });

  it("has what the broker left of a topic that was trimmed", async () => {
    const nodes = new Nodes();
    const { topic, world } = nodes;
    for (const text of ["1", "2", "3", "4"]) topic.write("1", text);
    topic.trim(topic.partitionOf("1"), 3);
    const log = await nodes.open();
    await nodes.append(log, numbered("orders.1", "p", 1));
    expect(await world.drive(log.head("orders.1"))).toMatchObject({ floor: 2, end: 5 });
    expect((await nodes.read(log, "orders.1")).map(textOf)).toEqual(["3", "4", "p-1"]);
  });

  it("forgets a producer after historyOffsets, and not before", async () => {
    for (const [others, kind] of [
      [20, "producer-unknown"],
      [19, "accepted"],
    ] as const) {
      const nodes = new Nodes();
      const log = await nodes.open({ historyOffsets: 20 });
      await nodes.append(log, numbered("orders.1", "p", 1));
      for (let count = 1; count <= others; count += 1) nodes.topic.write("1", `${count}`);
      await nodes.world.advance(2_000);
      const [outcome] = await nodes.append(log, numbered("orders.1", "p", 2));
      expect(outcome!.kind).toBe(kind);
    }
  });

  it("counts what was copied out of another topic as what somebody wrote", async () => {
    const nodes = new Nodes();
    const other = new Nodes(2);
    const log = await other.open();
    await other.append(log, numbered("orders.1", "p", 1));
    const { record } = other.topic.recordsIn(other.topic.partitionOf("1"))[0]!;
    if (record.kind !== "append") throw new Error("it is what was published");
    const mark = { origin: "elsewhere/0", seen: 77, seenId: "x", last: 4 };
    nodes.topic.put(nodes.topic.partitionOf("1"), { ...record, mark });
    const here = await nodes.open();
    expect((await nodes.read(here, "orders.1")).map(textOf)).toEqual(["p-1"]);
  });

  it("does not count what was written for a topic whose end went back since", async () => {
    const nodes = new Nodes();
    const { topic, world } = nodes;
    const log = await nodes.open();
    const place = topic.partitionOf("1");
    for (const text of ["1", "2", "3"]) topic.write("1", text);
    await world.advance(2_000);
    let late: () => void = () => {};
    topic.deliver = (land) => {
      late = land;
      return Promise.reject(new Error("nobody knows"));
    };
    const outcome = log.append([numbered("orders.1", "p", 1)]);
    await world.advance(100);
    topic.deliver = async (land) => land();
    topic.truncate(place, 1);
    for (const text of ["other 2", "other 3"]) topic.write("1", text);
    late();
    await world.advance(5_000);
    // It fails with the epoch in which it was asked for, and its client asks again.
    expect(await world.drive(outcome)).toMatchObject([{ kind: "failed", code: "log-unavailable" }]);
    await nodes.append(log, numbered("orders.1", "p", 1));
    const texts = ["1", "other 2", "other 3", "p-1"];
    expect((await nodes.read(log, "orders.1")).map(textOf)).toEqual(texts);
    expect((await nodes.read(await nodes.open(), "orders.1")).map(textOf)).toEqual(texts);
  });

  it.for(Array.from({ length: runs }, (_, index) => index + 1))(
    "has each message once and in order for all nodes, also those that come later, whatever the broker does (seed %i)",
    async (seed) => {
      const nodes = new Nodes(seed);
      const { topic, world } = nodes;
      const next = seededNumbers(seed + 1_000);
      const chance = (percent: number): boolean => next(100) < percent;
      const logs = [await nodes.open(), await nodes.open()];
      const told = await Promise.all(logs.map((log) => nodes.follow(log, "orders.1")));
      topic.deliver = async (land) => {
        if (chance(10)) throw new Error("lost");
        const landing = async (): Promise<void> => {
          if (chance(50)) await new Promise<void>((resolve) => void world.timers.after(next(3_000), () => resolve()));
          land();
        };
        const landed = landing();
        if (chance(15)) void landing();
        if (chance(15)) throw new Error("nobody knows");
        await landed;
      };
      const positions = new Map<string, number>();
      const count = 30;
      const publish = async (producer: string): Promise<void> => {
        let accepted = 0;
        while (accepted < count) {
          const window = Math.min(1 + next(5), count - accepted);
          const appends = Array.from({ length: window }, (_, index) =>
            numbered("orders.1", producer, accepted + 1 + index),
          );
          const outcomes = await logs[next(logs.length)]!.append(appends);
          for (const [index, outcome] of outcomes.entries()) {
            if (outcome.kind !== "accepted" && outcome.kind !== "duplicate") break;
            accepted += 1;
            if (outcome.offset > 0)
              positions.set(textOf({ payload: appends[index]!.payload } as Entry), outcome.offset);
          }
          if (chance(30)) topic.write("1", `other ${next(1_000)}`);
        }
      };
      const join = async (): Promise<void> => {
        await new Promise<void>((resolve) => void world.timers.after(next(20_000), () => resolve()));
        logs.push(await nodes.open());
      };
      await world.drive(Promise.all([...["a", "b", "c"].map(publish), join(), join()]));
      // What the broker held back until now.
      await world.advance(10_000);
      logs.push(await nodes.open());
      const entries = told[0]!.entries;
      for (const producer of ["a", "b", "c"]) {
        const own = entries.map(textOf).filter((text) => text.startsWith(`${producer}-`));
        expect(own).toEqual(Array.from({ length: count }, (_, index) => `${producer}-${index + 1}`));
      }
      expect(told[1]!.entries).toEqual(entries);
      for (const log of logs) expect(await nodes.read(log, "orders.1")).toEqual(entries);
      for (const entry of entries) {
        const position = positions.get(textOf(entry));
        if (position !== undefined) expect(position).toBe(entry.offset);
      }
    },
  );
});
