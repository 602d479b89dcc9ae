import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RoundRobin } from "../../../src/pool/balance/round-robin.ts";
import { targets } from "./candidates.ts";

describe("round robin", () => {
  it("gives each target exactly its weight in each round", () => {
    fc.assert(
      fc.property(targets, fc.integer({ min: 1, max: 3 }), (candidates, rounds) => {
        const balancer = new RoundRobin();
        const total = candidates.reduce((sum, { weight }) => sum + weight, 0);
        for (let turn = 0; turn < total * rounds; turn += 1) balancer.pick(candidates).connections += 1;
        for (const { connections, weight } of candidates) expect(connections).toBe(weight * rounds);
      }),
    );
  });

  it("spreads the turns of a heavy target between those of the others", () => {
    const balancer = new RoundRobin();
    const three = [
      { name: "a", weight: 5, connections: 0, latencyMs: undefined },
      { name: "b", weight: 1, connections: 0, latencyMs: undefined },
      { name: "c", weight: 1, connections: 0, latencyMs: undefined },
    ];
    const order = Array.from({ length: 7 }, () => balancer.pick(three).name).join("");
    expect(order).toBe("aabacaa");
  });

  it("does not flood a target that was away with what it missed", () => {
    const balancer = new RoundRobin();
    const [a, b] = [
      { name: "a", weight: 1, connections: 0, latencyMs: undefined },
      { name: "b", weight: 1, connections: 0, latencyMs: undefined },
    ];
    for (let turn = 0; turn < 101; turn += 1) balancer.pick([a]);
    const order = Array.from({ length: 6 }, () => balancer.pick([a, b]).name).join("");
    expect(["ababab", "bababa"]).toContain(order);
  });
});
