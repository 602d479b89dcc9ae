import { describe, expect, it } from "vitest";
import { memoryLog } from "@hawser/log";
import type { Append, Log, LogPolicy, MemoryLogOptions } from "@hawser/log";
import { numbered, plain, textOf, texts } from "@hawser/log/conformance";
import { SimulatedWorld } from "../support/simulated-world.ts";

const wide: LogPolicy = {
  durability: "memory",
  retainCount: 1_000_000,
  retainBytes: 1_000_000_000,
  retainAgeMs: Infinity,
  deduplicateMs: 60_000,
};

async function open(
  options: MemoryLogOptions,
  policy: Partial<LogPolicy> = {},
  world = new SimulatedWorld(),
): Promise<Log> {
  const log = memoryLog(options);
  const { clock, timers, random } = world;
  await log.open({ policyOf: () => ({ ...wide, ...policy }), clock, timers, random });
  return log;
}

async function outcomes(log: Log, ...appends: Append[]): Promise<string[]> {
  return (await log.append(appends)).map((outcome) => (outcome.kind === "failed" ? outcome.code : outcome.kind));
}

const handlers = { onEntries: () => {}, onFloor: () => {}, onEpoch: () => {} };

describe("the limits of the memory log", () => {
  it("takes maxChannels channels and refuses one more as log-full, without forgetting the others", async () => {
    const log = await open({ maxChannels: 2 });
    expect(await outcomes(log, plain("a", "1"), plain("b", "1"), plain("c", "1"), plain("a", "2"))).toEqual([
      "accepted",
      "accepted",
      "log-full",
      "accepted",
    ]);
    await expect(log.follow("c", handlers)).rejects.toMatchObject({ code: "log-full" });
  });

  it("does not count channels that were only asked for, or only followed", async () => {
    const log = await open({ maxChannels: 1 });
    await log.head("x");
    await log.read("y", 0, { maxCount: 1, maxBytes: 1 });
    const follower = await log.follow("z", handlers);
    follower.close();
    expect(await outcomes(log, numbered("w", "p", 2), plain("a", "1"))).toEqual(["producer-unknown", "accepted"]);
  });

  it("takes maxBytes of payloads and refuses what is past it, until a trim has made room", async () => {
    const world = new SimulatedWorld();
    const log = await open({ maxBytes: 10 }, { retainAgeMs: 5_000 }, world);
    expect(await outcomes(log, plain("a", "12345"), plain("b", "12345"), plain("a", "1"), plain("a", ""))).toEqual([
      "accepted",
      "accepted",
      "log-full",
      "accepted",
    ]);
    await world.advance(10_000);
    expect(await outcomes(log, plain("a", "1234567890"), plain("a", "1"))).toEqual(["accepted", "log-full"]);
  });

  it("remembers maxProducersPerChannel producers and forgets the one that was quiet longest", async () => {
    const log = await open({ maxProducersPerChannel: 2 });
    await outcomes(log, numbered("a", "p", 1), numbered("a", "q", 1), numbered("a", "p", 2), numbered("a", "r", 1));
    expect(await outcomes(log, numbered("a", "q", 2), numbered("a", "p", 3), numbered("a", "r", 2))).toEqual([
      "producer-unknown",
      "accepted",
      "accepted",
    ]);
  });

  it("remembers the positions of maxRecentPositions sequences", async () => {
    const log = await open({ maxRecentPositions: 2 });
    const accepted = await log.append([1, 2, 3].map((sequence) => numbered("a", "p", sequence)));
    expect(await log.append([1, 2, 3].map((sequence) => numbered("a", "p", sequence)))).toEqual([
      { kind: "duplicate", epoch: 0, offset: 0 },
      { ...accepted[1], kind: "duplicate" },
      { ...accepted[2], kind: "duplicate" },
    ]);
  });

  it("trims maxTrimStep entries of a channel in one step, and the rest in the steps that follow", async () => {
    const world = new SimulatedWorld();
    const log = await open({ maxTrimStep: 10 }, { retainAgeMs: 5_000 }, world);
    await log.append(texts("", 1, 25).map((text) => plain("a", text)));
    await world.advance(4_500);
    expect((await log.head("a")).floor).toBe(0);
    world.skipTimers(1_000);
    expect((await log.head("a")).floor).toBe(10);
    await world.advance(2_000);
    expect((await log.head("a")).floor).toBe(25);
  });
});

describe("the memory log", () => {
  it("keeps exactly what the policy says, and waits for nothing when nothing ages", async () => {
    const world = new SimulatedWorld();
    const log = await open({}, { retainCount: 3, deduplicateMs: 1_000 }, world);
    await log.append(texts("", 1, 5_000).map((text) => plain("a", text)));
    const page = await log.read("a", 0, { maxCount: 10, maxBytes: 1_000 });
    expect(page.entries.map(textOf)).toEqual(["4998", "4999", "5000"]);
    expect(page.floor).toBe(4_997);
    await log.append([numbered("a", "p", 1)]);
    expect(world.waiting).toBe(1);
    await world.advance(5_000);
    expect(world.waiting).toBe(0);
  });

  it("tells ages and windows by a clock that does not step", async () => {
    const world = new SimulatedWorld();
    const log = await open({}, { retainAgeMs: 60_000 }, world);
    await log.append([numbered("a", "p", 1)]);
    world.skewMs += 86_400_000;
    expect(await outcomes(log, numbered("a", "p", 1))).toEqual(["duplicate"]);
    expect((await log.head("a")).floor).toBe(0);
  });

  it("gives the entries of one append to a follower as one interval", async () => {
    const log = await open({}, { retainCount: 2 });
    const intervals: unknown[] = [];
    await log.follow("a", {
      ...handlers,
      onEntries: (entries, interval) => intervals.push([entries.length, interval]),
    });
    await log.append(texts("", 1, 100).map((text) => plain("a", text)));
    await Promise.resolve();
    expect(intervals).toEqual([[100, { from: 0, to: 100 }]]);
  });

  it("hands what a follower throws to onFollowerError", async () => {
    const log = memoryLog();
    const { clock, timers, random } = new SimulatedWorld();
    const errors: unknown[] = [];
    const onFollowerError = (error: unknown, channel: string): void => void errors.push([channel, String(error)]);
    await log.open({ policyOf: () => wide, clock, timers, random, onFollowerError });
    const onEntries = (): void => {
      throw new Error("a bug");
    };
    await log.follow("a", { ...handlers, onEntries });
    await log.append([plain("a", "1")]);
    await Promise.resolve();
    expect(errors).toEqual([["a", "Error: a bug"]]);
  });
});
