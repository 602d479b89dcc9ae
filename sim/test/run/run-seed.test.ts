import { describe, expect, it } from "vitest";
import { drawSeed, runSeed } from "../../src/run/run-seed.ts";

const seeds = [1, 2, 27, 58];

describe("a seed", () => {
  it.each(seeds)(
    "gives one trace, twice: %i",
    async (seed) => {
      const first = await runSeed(seed);
      expect(first.failure).toBeUndefined();
      const second = await runSeed(seed);
      expect(second.hash).toBe(first.hash);
      expect(second.events).toBe(first.events);
    },
    60_000,
  );

  it("gives another trace than another seed, and than itself with less in it", async () => {
    const hashes = new Set<string>();
    for (const seed of [1, 2, 3]) hashes.add((await runSeed(seed)).hash);
    const fault = drawSeed(1).plan.findLast(({ kind }) => kind === "publish")!;
    hashes.add((await runSeed(1, { without: new Set([fault.number]) })).hash);
    expect(hashes.size).toBe(4);
  });

  it("writes its trace without changing it", async () => {
    let lines = 0;
    const { hash } = await runSeed(2);
    const traced = await runSeed(2, { write: () => (lines += 1) });
    expect(traced.hash).toBe(hash);
    expect(lines).toBeGreaterThan(100);
  });

  it("delivers and meets enough to be worth running", async () => {
    const delivered: number[] = [];
    const kinds: number[] = [];
    for (let seed = 1; seed <= 11; seed += 1) {
      const result = await runSeed(seed);
      delivered.push(result.delivered);
      kinds.push(result.faults.length);
    }
    const median = (values: number[]): number => values.toSorted((one, other) => one - other)[5]!;
    expect(median(delivered)).toBeGreaterThanOrEqual(500);
    expect(median(kinds)).toBeGreaterThanOrEqual(5);
  }, 60_000);
});
