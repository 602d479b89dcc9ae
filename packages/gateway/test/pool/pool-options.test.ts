import { expect, it } from "vitest";
import { maxTargets, poolSettings } from "../../src/pool/pool-options.ts";
import type { TargetPoolOptions } from "../../src/pool/pool-options.ts";

const targets = ["ws://a:1"];

it.each<[Record<string, unknown>, string]>([
  [{}, "pools.x.targets must"],
  [{ targets: ["http://a"] }, "pools.x.targets[0] must"],
  [{ targets: [{ url: "ws://a?b" }] }, "pools.x.targets[0].url must"],
  [{ targets: [{ url: "ws://a", weight: 0 }] }, "pools.x.targets[0].weight must"],
  [{ targets: [{ url: "ws://a", weight: 1_001 }] }, "pools.x.targets[0].weight must"],
  [{ targets: [{ url: "ws://a", maxConnections: 0 }] }, "pools.x.targets[0].maxConnections must"],
  [{ targets: ["ws://a", "ws://a/b"] }, "pools.x.targets[1].name is"],
  [{ targets: Array.from({ length: maxTargets + 1 }, (_, n) => `ws://a${n}`) }, "pools.x.targets must"],
  [{ targets, balance: "best" }, "pools.x.balance must"],
  [{ targets, balance: { hash: "name" } }, "pools.x.balance.hash must"],
  [{ targets, balance: { hash: { header: "a b" } } }, "pools.x.balance.hash must"],
  [{ targets, limits: { connectTimeoutMs: 0 } }, "pools.x.limits.connectTimeoutMs must"],
  [{ targets, limits: { connectTimeout: 1 } }, "pools.x.limits.connectTimeout is"],
  [{ targets, limits: { retries: -1 } }, "pools.x.limits.retries must"],
  [{ targets, health: { kind: "icmp" } }, "pools.x.health.kind must"],
  [{ targets, health: { path: "x" } }, "pools.x.health.path must"],
  [{ targets, health: { intervalMs: 99 } }, "pools.x.health.intervalMs must"],
  [{ targets, ejection: { failureShare: 0 } }, "pools.x.ejection.failureShare must"],
  [{ targets, ejection: { forMs: 1_000, maxForMs: 999 } }, "pools.x.ejection.maxForMs must"],
  [{ dns: { url: "ws://a", refreshMs: 999 } }, "pools.x.dns.refreshMs must"],
  [{ dns: { url: "a" } }, "pools.x.dns.url must"],
])("refuses %j, and says where", (options, text) => {
  expect(() => poolSettings(options as TargetPoolOptions, "pools.x")).toThrow(
    expect.objectContaining({ code: "option-invalid", message: expect.stringContaining(text) }),
  );
});

it("takes what lies at its bounds", () => {
  const settings = poolSettings(
    {
      targets: [{ url: "wss://a/b", weight: 1_000 }],
      dns: { url: "ws://c", refreshMs: 1_000 },
      health: { intervalMs: 100, statuses: [100, 599] },
      ejection: { failureShare: 1, maxShare: 0 },
      limits: { retries: 0, slowStartMs: 0, connectionsPerSecond: 0 },
    },
    "pools.x",
  );
  expect(settings.targets[0]).toMatchObject({ name: "a", weight: 1_000, maxConnections: 20_000 });
});
