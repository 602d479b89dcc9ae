import fc from "fast-check";
import { expect, it } from "vitest";
import { LeastConnections } from "../../../src/pool/balance/least-connections.ts";
import { randomOf, targets } from "./candidates.ts";

it("keeps every target within one connection of its share, as long as none ends", () => {
  fc.assert(
    fc.property(targets, fc.integer({ min: 1, max: 500 }), fc.nat(), (candidates, count, seed) => {
      const balancer = new LeastConnections(randomOf(seed));
      for (let turn = 0; turn < count; turn += 1) balancer.pick(candidates).connections += 1;
      const loads = candidates.map(({ connections, weight }) => ({
        now: connections / weight,
        next: (connections + 1) / weight,
      }));
      // Nobody has more for his weight than another would have with one more.
      for (const { now } of loads) for (const { next } of loads) expect(now).toBeLessThanOrEqual(next + 1e-9);
    }),
  );
});

it("gives all that comes to the one that the others are ahead of", () => {
  const candidates = [
    { name: "a", weight: 1, connections: 9, latencyMs: undefined },
    { name: "b", weight: 1, connections: 3, latencyMs: undefined },
  ];
  const balancer = new LeastConnections(randomOf(1));
  for (let turn = 0; turn < 6; turn += 1) balancer.pick(candidates).connections += 1;
  expect(candidates.map(({ connections }) => connections)).toEqual([9, 9]);
});
