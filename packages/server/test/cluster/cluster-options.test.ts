import { describe, expect, it } from "vitest";
import { clusterSettings } from "../../src/cluster/cluster-options.ts";
import type { ClusterOptions } from "../../src/cluster/cluster-options.ts";

describe("the options of a cluster", () => {
  it("are those of a node alone, of one with defaults, or as they are given", () => {
    expect(clusterSettings(false)).toBeUndefined();
    const defaults = { endpoints: [], rebalance: { tolerancePercent: 10, maxMovesPerSecond: 20 }, spread: true };
    expect(clusterSettings(true)).toEqual(defaults);
    expect(clusterSettings({})).toEqual(defaults);
    expect(clusterSettings({ rebalance: false, spread: false })).toEqual({
      endpoints: [],
      rebalance: undefined,
      spread: false,
    });
    expect(clusterSettings({ rebalance: { maxMovesPerSecond: 5 } })?.rebalance).toEqual({
      tolerancePercent: 10,
      maxMovesPerSecond: 5,
    });
  });

  it("take their least and their most, and nothing beyond", () => {
    for (const tolerancePercent of [1, 100]) expect(clusterSettings({ rebalance: { tolerancePercent } })).toBeDefined();
    for (const maxMovesPerSecond of [1, 1_000])
      expect(clusterSettings({ rebalance: { maxMovesPerSecond } })).toBeDefined();
    for (const rebalance of [
      { tolerancePercent: 0 },
      { tolerancePercent: 101 },
      { maxMovesPerSecond: 0 },
      { maxMovesPerSecond: 1_001 },
      { maxMovesPerSecond: 1.5 },
    ]) {
      expect(() => clusterSettings({ rebalance })).toThrow(`cluster.rebalance.${Object.keys(rebalance)[0]} must be`);
    }
  });

  it.each<[string, unknown]>([
    ["cluster", "yes"],
    ["cluster", null],
    ["cluster.endpoint", { endpoint: [] }],
    ["cluster.endpoints", { endpoints: ["a.example.org"] }],
    ["cluster.endpoints", { endpoints: Array.from({ length: 33 }, () => "wss://a.example.org/hawser") }],
    ["cluster.spread", { spread: 1 }],
    ["cluster.rebalance", { rebalance: "fast" }],
    ["cluster.rebalance.moves", { rebalance: { moves: 1 } }],
  ])("are refused by the name %s when they are none", (name, given) => {
    expect(() => clusterSettings(given as ClusterOptions)).toThrow(`${name} `);
  });
});
