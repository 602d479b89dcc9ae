import fc from "fast-check";
import { expect, it } from "vitest";
import { TwoChoices } from "../../../src/pool/balance/two-choices.ts";
import { randomOf, targets } from "./candidates.ts";

it("spreads connections to equals far more evenly than chance would", () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 20 }), fc.nat(), (count, seed) => {
      const candidates = Array.from({ length: count }, (_, index) => ({
        name: `t${index}`,
        weight: 1,
        connections: 0,
        latencyMs: 10,
      }));
      const balancer = new TwoChoices(randomOf(seed));
      for (let turn = 0; turn < count * 100; turn += 1) balancer.pick(candidates).connections += 1;
      // Of two choices the most loaded is log log n / log 2 + O(1) above the mean; of one it would be tens.
      for (const { connections } of candidates) expect(Math.abs(connections - 100)).toBeLessThanOrEqual(10);
    }),
    { numRuns: 50 },
  );
});

it("takes the one of two that costs less: its latency times what it has to do", () => {
  const balancer = new TwoChoices(randomOf(1));
  const fast = { name: "fast", weight: 1, connections: 3, latencyMs: 10 };
  const slow = { name: "slow", weight: 1, connections: 0, latencyMs: 50 };
  expect(balancer.pick([fast, slow])).toBe(fast);
  expect(balancer.pick([{ ...fast, connections: 5 }, slow]).name).toBe("slow");
});

it("picks only candidates, whatever their weights and latencies are", () => {
  fc.assert(
    fc.property(targets, fc.nat(), (candidates, seed) => {
      const balancer = new TwoChoices(randomOf(seed));
      for (let turn = 0; turn < 20; turn += 1) expect(candidates).toContain(balancer.pick(candidates));
    }),
  );
});
