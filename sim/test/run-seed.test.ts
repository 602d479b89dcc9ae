import { describe, expect, it } from "vitest";
import { runSeed } from "../src/run-seed.ts";

/** Those that found something once, and a few more. */
const seeds = [1, 2, 27, 58];

describe("a seed", () => {
  it.each(seeds)("gives one trace, twice: %i", async (seed) => {
    const first = await runSeed(seed);
    expect(first.violation).toBeUndefined();
    const second = await runSeed(seed);
    expect(second.hash).toBe(first.hash);
    expect(second.events).toBe(first.events);
  });

  it("gives another trace than another seed", async () => {
    const hashes = new Set<string>();
    for (const seed of [1, 2, 3]) hashes.add((await runSeed(seed)).hash);
    expect(hashes.size).toBe(3);
  });

  it("writes its trace without changing it", async () => {
    let lines = 0;
    const { hash } = await runSeed(2);
    const traced = await runSeed(2, { write: () => (lines += 1) });
    expect(traced.hash).toBe(hash);
    expect(lines).toBeGreaterThan(100);
  });
});
