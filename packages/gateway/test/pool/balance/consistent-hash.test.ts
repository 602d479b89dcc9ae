import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConsistentHash, unitHash } from "../../../src/pool/balance/consistent-hash.ts";
import { LeastConnections } from "../../../src/pool/balance/least-connections.ts";
import { randomOf } from "./candidates.ts";

const keys = Array.from({ length: 2_000 }, (_, index) => `user-${index}`);

function idle(count: number, weights: readonly number[] = []) {
  return Array.from({ length: count }, (_, index) => ({
    name: `10.0.0.${index}:80`,
    weight: weights[index] ?? 1,
    connections: 0,
    latencyMs: undefined,
  }));
}

function balancer(maxLoad = 0): ConsistentHash {
  return new ConsistentHash(new LeastConnections(randomOf(1)), maxLoad);
}

describe("consistent hash", () => {
  it("sends a key to the same target each time, in whichever order they stand", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.integer({ min: 1, max: 30 }), (key, count) => {
        const candidates = idle(count);
        const { name } = balancer().pick(candidates, key);
        expect(balancer().pick(candidates.toReversed(), key).name).toBe(name);
      }),
    );
  });

  it("moves only the keys of a target that goes, and only to one that comes", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 20 }), fc.nat(), (count, gone) => {
        const before = idle(count);
        const after = before.toSpliced(gone % count, 1);
        for (const key of keys.slice(0, 300)) {
          const first = balancer().pick(before, key);
          if (after.includes(first)) expect(balancer().pick(after, key)).toBe(first);
        }
      }),
      { numRuns: 30 },
    );
  });

  it("gives each target its share of many keys", () => {
    const candidates = idle(5, [1, 1, 2, 3, 3]);
    const counts = new Map<string, number>();
    for (const key of keys) {
      const { name } = balancer().pick(candidates, key);
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    for (const { name, weight } of candidates) {
      const expected = (keys.length * weight) / 10;
      // Four standard deviations of a binomial.
      expect(Math.abs((counts.get(name) ?? 0) - expected)).toBeLessThan(4 * Math.sqrt(expected));
    }
  });

  it("fills a target with one popular key to the bound, and no further", () => {
    const candidates = idle(10);
    const hash = balancer(1.25);
    for (let turn = 0; turn < 1_000; turn += 1) hash.pick(candidates, "the same for all").connections += 1;
    for (const { connections } of candidates) expect(connections).toBeLessThanOrEqual(126);
  });

  it("chooses by load where there is no key", () => {
    const candidates = idle(4);
    const hash = balancer();
    for (let turn = 0; turn < 40; turn += 1) hash.pick(candidates, "").connections += 1;
    expect(candidates.map(({ connections }) => connections)).toEqual([10, 10, 10, 10]);
  });

  it("hashes into the open interval from 0 to 1", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (first, second) => {
        const hash = unitHash(first, second);
        expect(hash).toBeGreaterThan(0);
        expect(hash).toBeLessThan(1);
      }),
    );
  });
});
