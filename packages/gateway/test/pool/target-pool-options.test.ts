import { describe, expect, it } from "vitest";
import { targetPoolSettings } from "../../src/targets/target-pool-options.ts";
import type { TargetPoolOptions } from "../../src/targets/target-pool-options.ts";

const urls = (count: number): string[] => Array.from({ length: count }, (_, index) => `ws://target-${index}`);

describe("the options of a pool of WebSocket servers", () => {
  it("have the defaults that the reference says", () => {
    expect(targetPoolSettings({ targets: ["wss://a.test/base"] }, "pools.a")).toEqual({
      targets: [{ name: "a.test", url: new URL("wss://a.test/base"), weight: 1, maxConnections: 10_000 }],
      balance: "least-connections",
      hashBy: "user",
      headers: {},
      identitySecret: undefined,
      connectTimeoutMs: 5_000,
      retries: 2,
      health: { path: undefined, intervalMs: 5_000, timeoutMs: 2_000, failures: 2, successes: 2 },
      ejectAfter: 3,
      ejectMs: 10_000,
      slowStartMs: 0,
    });
  });

  it("take 1,000 targets, and refuse one more", () => {
    expect(targetPoolSettings({ targets: urls(1_000) }, "pools.a").targets).toHaveLength(1_000);
    expect(() => targetPoolSettings({ targets: urls(1_001) }, "pools.a")).toThrow("a list of 1 to 1000 targets");
  });

  it.each<[Partial<TargetPoolOptions>, string]>([
    [{ targets: [] }, "pools.a.targets "],
    [{ targets: ["http://a"] }, "pools.a.targets[0].url "],
    [{ targets: ["ws://a?b"] }, "pools.a.targets[0].url "],
    [{ targets: [{ url: "ws://a", name: "a b" }] }, "pools.a.targets[0].name "],
    [{ targets: [{ url: "ws://a", weight: 0 }] }, "pools.a.targets[0].weight "],
    [{ targets: [{ url: "ws://a", weight: 1_001 }] }, "pools.a.targets[0].weight "],
    [{ targets: [{ url: "ws://a", maxConnections: 0 }] }, "pools.a.targets[0].maxConnections "],
    [{ targets: ["ws://a", { url: "ws://b", name: "a" }] }, "pools.a.targets[1] "],
    [{ balance: "most" as "hash" }, "pools.a.balance "],
    [{ hashBy: "name" as "user" }, "pools.a.hashBy "],
    [{ headers: { "a b": "" } }, "pools.a.headers "],
    [{ identitySecret: "s".repeat(31) }, "pools.a.identitySecret "],
    [{ connectTimeoutMs: 0 }, "pools.a.connectTimeoutMs "],
    [{ retries: 101 }, "pools.a.retries "],
    [{ maxConnections: 0 }, "pools.a.maxConnections "],
    [{ health: { intervalMs: 9 } }, "pools.a.health.intervalMs "],
    [{ ejectAfter: 0 }, "pools.a.ejectAfter "],
    [{ ejectMs: 86_400_001 }, "pools.a.ejectMs "],
    [{ slowStartMs: -1 }, "pools.a.slowStartMs "],
  ])("are refused as %j, by their place", (options, at) => {
    const make = (): unknown => targetPoolSettings({ targets: ["ws://a"], ...options }, "pools.a");
    expect(make).toThrow(expect.objectContaining({ code: "option-invalid", message: expect.stringContaining(at) }));
  });
});
