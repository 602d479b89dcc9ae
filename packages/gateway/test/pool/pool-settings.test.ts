import { expect, it } from "vitest";
import { maxTargets, targetPoolSettings } from "../../src/pool/pool-settings.ts";
import type { TargetPoolOptions } from "../../src/pool/pool-options.ts";

const targets = ["ws://a:1"];

it.each<[Record<string, unknown>, string]>([
  [{}, "targets must"],
  [{ targets: ["http://a"] }, "targets[0].url must"],
  [{ targets: [{ url: "ws://a?b" }] }, "targets[0].url must"],
  [{ targets: [{ url: "ws://a", weight: 0 }] }, "targets[0].weight must"],
  [{ targets: [{ url: "ws://a", weight: 1_001 }] }, "targets[0].weight must"],
  [{ targets: [{ url: "ws://a", maxConnections: 0 }] }, "targets[0].maxConnections must"],
  [{ targets: ["ws://a", "ws://a/b"] }, "targets[1] has"],
  [{ targets: Array.from({ length: maxTargets + 1 }, (_, n) => `ws://a${n}`) }, "targets must"],
  [{ targets, balance: "best" }, "balance must"],
  [{ targets, hashBy: "name" }, "hashBy must"],
  [{ targets, maxHashLoad: 1.04 }, "maxHashLoad must"],
  [{ targets, headers: { "a b": "c" } }, "headers has"],
  [{ targets, identitySecret: "x".repeat(31) }, "identitySecret must"],
  [{ targets, compression: 1 }, "compression must"],
  [{ targets, connectTimeoutMs: 0 }, "connectTimeoutMs must"],
  [{ targets, retries: 101 }, "retries must"],
  [{ targets, maxPoolConnections: 0 }, "maxPoolConnections must"],
  [{ targets, connectionsPerSecond: -1 }, "connectionsPerSecond must"],
  [{ targets, health: { kind: "icmp" } }, "health.kind must"],
  [{ targets, health: { path: "x" } }, "health.path must"],
  [{ targets, health: { statuses: [199] } }, "health.statuses must"],
  [{ targets, health: { intervalMs: 9 } }, "health.intervalMs must"],
  [{ targets, ejectShare: 0 }, "ejectShare must"],
  [{ targets, maxEjectedShare: 1.1 }, "maxEjectedShare must"],
  [{ targets, ejectMs: 1_000, maxEjectMs: 999 }, "maxEjectMs must"],
  [{ targets, drainTimeoutMs: -1 }, "drainTimeoutMs must"],
  [{ dns: { url: "ws://a", refreshMs: 999 } }, "dns.refreshMs must"],
  [{ dns: { url: "a" } }, "dns.url must"],
  [{ dns: { url: "ws://a", srv: "" } }, "dns.srv must"],
  [{ targets, tokenExchange: { url: "x" } }, "tokenExchange.url must"],
  [
    { targets, tokenExchange: { url: "http://x", clientId: "a", clientSecret: "b" } },
    "tokenExchange.subjectToken must",
  ],
])("refuses %j, and says where", (options, text) => {
  expect(() => targetPoolSettings(options as TargetPoolOptions, "pools.x")).toThrow(
    expect.objectContaining({
      code: "option-invalid",
      message: expect.stringMatching(`^pools\\.x\\.${text.replaceAll(/[[\].]/g, "\\$&")}`),
    }),
  );
});

it("takes what lies at its bounds", () => {
  const settings = targetPoolSettings(
    {
      targets: [{ url: "wss://a/b", weight: 1_000, maxConnections: 1 }],
      dns: { url: "ws://c", refreshMs: 1_000 },
      health: { intervalMs: 10, statuses: [200, 599] },
      identitySecret: "x".repeat(32),
      ejectShare: 1,
      maxEjectedShare: 0,
      retries: 0,
      slowStartMs: 0,
      connectionsPerSecond: 0,
      drainTimeoutMs: 0,
    },
    "pools.x",
  );
  expect(settings.targets[0]).toMatchObject({ name: "a", weight: 1_000, maxConnections: 1 });
});

it("asks by HTTP where a path is named, else by TCP, and not at all where health is false", () => {
  const kindOf = (health: TargetPoolOptions["health"]) =>
    targetPoolSettings({ targets, ...(health === undefined ? {} : { health }) }, "").health?.kind;
  expect([kindOf(undefined), kindOf({}), kindOf({ path: "/up" }), kindOf(false)]).toEqual([
    "tcp",
    "tcp",
    "http",
    undefined,
  ]);
});
