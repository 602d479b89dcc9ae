import { describe, expect, it } from "vitest";
import { brokerLog, partitionOf } from "@hawser/log/broker";
import { FakeBroker, fakeSource } from "@hawser/log/fake-broker";
import { numbered, plain, textOf, texts } from "@hawser/log/conformance";
import type { LogPolicy } from "@hawser/log";
import { SimulatedWorld } from "../support/simulated-world.ts";

const policy: LogPolicy = {
  durability: "commit",
  retainCount: 1_000,
  retainBytes: 1_000_000_000,
  retainAgeMs: Infinity,
  deduplicateMs: 1_000_000,
};

async function open(partitions: number) {
  const world = new SimulatedWorld();
  const { clock, timers, random } = world;
  const brokers = Array.from({ length: partitions }, () => new FakeBroker({ clock, timers, random }));
  const source = fakeSource(...brokers);
  const log = brokerLog({ source });
  await world.drive(log.open({ policyOf: () => policy, clock, timers, random }));
  return { world, brokers, source, log };
}

describe("a log over several partitions", () => {
  it("keeps a channel in the partition of its name, and answers appends in their order", async () => {
    const { world, brokers, log } = await open(3);
    const channels = texts("room.", 1, 9);
    const appends = [1, 2].flatMap((sequence) => channels.map((channel) => numbered(channel, "p", sequence)));
    const outcomes = await world.drive(log.append([...appends, numbered("room.1", "p", 7)]));
    expect(outcomes.map(({ kind }) => kind)).toEqual([...appends.map(() => "accepted"), "out-of-order"]);
    for (const [partition, broker] of brokers.entries()) {
      const kept = broker.records.flatMap(({ record }) => (record.kind === "append" ? [record.channel] : []));
      expect(new Set(kept)).toEqual(new Set(channels.filter((channel) => partitionOf(channel, 3) === partition)));
    }
    for (const channel of channels) {
      const page = await world.drive(log.read(channel, 0, { maxCount: 10, maxBytes: 1_000 }));
      expect(page.entries.map(textOf)).toEqual(["p-1", "p-2"]);
    }
  });

  it("serves the channels of other partitions while one is away", async () => {
    const { world, brokers, log } = await open(2);
    const [there, away] = [0, 1].map((partition) =>
      texts("room.", 1, 20).find((channel) => partitionOf(channel, 2) === partition),
    ) as [string, string];
    brokers[1]!.goAway(100_000);
    const outcomes = await world.drive(log.append([plain(away, "lost"), plain(there, "kept")]));
    expect(outcomes.map(({ kind }) => kind)).toEqual(["failed", "accepted"]);
  });

  it("says what its broker says when it does not show the log", async () => {
    const world = new SimulatedWorld();
    const { clock, timers, random } = world;
    const fetch = () => Promise.reject(new Error("it is being repaired"));
    const source = { ...fakeSource(), open: async () => [{ produce: async () => {}, fetch }] };
    const opening = brokerLog({ source }).open({ policyOf: () => policy, clock, timers, random });
    await expect(world.drive(opening)).rejects.toMatchObject({
      code: "log-unavailable",
      message: "the broker did not show its log in time: it is being repaired",
    });
  });

  it("refuses a payload that the broker would, and takes one that just fits", async () => {
    const { world, log, source } = await open(1);
    const payload = (bytes: number) => ({ payload: { kind: "bytes", data: new Uint8Array(bytes) } as const });
    const [fits, large] = await world.drive(
      log.append([
        plain("a", "", payload(source.maxPayloadBytes)),
        plain("a", "", payload(source.maxPayloadBytes + 1)),
      ]),
    );
    expect(fits?.kind).toBe("accepted");
    expect(large).toMatchObject({ kind: "failed", code: "log-full" });
  });
});
