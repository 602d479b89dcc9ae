import { memoryLog } from "@hawser/log";
import type { AppendOutcome } from "@hawser/log";
import { payloadOf } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import { silentObserver } from "../../src/core.ts";
import { Channels } from "../../src/delivery/channels.ts";
import { defaultChannelPolicy } from "../../src/policy/channel-options.ts";
import { SimulatedPorts } from "../support/simulated-ports.ts";

const policy = {
  durability: "memory" as const,
  retainCount: 10_000,
  retainBytes: 1e9,
  retainAgeMs: 1e9,
  deduplicateMs: 1_000,
};

async function follow(limits: { maxTailBytes: number; maxNodeTailBytes: number }) {
  const ports = new SimulatedPorts();
  const log = memoryLog();
  await log.open({ clock: ports, timers: ports, random: ports, policyOf: () => policy });
  let cost = 0;
  const observer = { ...silentObserver, tails: (_channels: number, bytes: number) => void (cost = bytes) };
  const channels = new Channels({
    log,
    observer,
    policyOf: () => defaultChannelPolicy,
    compression: undefined,
    tailIdleMs: 60_000,
    ...limits,
  });
  const append = async (channel: string, bytes: number): Promise<readonly AppendOutcome[]> => {
    const payload = payloadOf(new Uint8Array(bytes));
    const outcomes = await log.append([
      { channel, producer: "", sequence: 0, previous: 0, payload, key: "", publisher: "" },
    ]);
    await ports.settle();
    return outcomes;
  };
  return {
    ports,
    channels,
    append,
    tailCost: () => {
      channels.sweep(ports.monotonic());
      return cost;
    },
  };
}

describe("the channels of a node", () => {
  it("keep a tail up to its limit, and drop the oldest entry past it", async () => {
    const { channels, append } = await follow({ maxTailBytes: 300, maxNodeTailBytes: 10_000 });
    const feed = await channels.open("a");
    for (let count = 0; count < 3; count += 1) await append("a", 68);
    expect([feed.tail.from, feed.tail.cost]).toEqual([0, 300]);
    await append("a", 68);
    expect([feed.tail.from, feed.tail.to, feed.tail.cost]).toEqual([1, 4, 300]);
  });

  it("hold no more in all tails together than the node's limit", async () => {
    const { channels, append, tailCost } = await follow({ maxTailBytes: 1_000, maxNodeTailBytes: 2_000 });
    for (const name of ["a", "b", "c"]) await channels.open(name);
    for (let count = 0; count < 20; count += 1) await append("a", 68);
    for (let count = 0; count < 10; count += 1) await append("b", 68);
    expect(tailCost()).toBe(2_000);
    await append("c", 68);
    expect(tailCost()).toBeLessThanOrEqual(2_000);
    expect(tailCost()).toBeGreaterThan(0);
  });

  it("are let go of when nobody has subscribed for a while", async () => {
    const { ports, channels, append, tailCost } = await follow({ maxTailBytes: 1_000, maxNodeTailBytes: 2_000 });
    const feed = await channels.open("a");
    await append("a", 68);
    for (let sweep = 0; sweep < 4; sweep += 1) channels.sweep(ports.monotonic());
    await ports.settle();
    expect([channels.size, tailCost()]).toEqual([0, 0]);
    expect(await channels.open("a")).not.toBe(feed);
  });
});
