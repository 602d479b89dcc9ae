import { describe, expect, it } from "vitest";
import { outsideMutation } from "../../src/mutants/outside-mutants.ts";
import { runSeed } from "../../src/run/run-seed.ts";
import { shrinkSeed } from "../../src/shrink/shrink-seed.ts";

describe("a failing seed", () => {
  it("is made small, and fails in the same way with what is left", async () => {
    const mutation = (): ReturnType<typeof outsideMutation> => outsideMutation("position-of-another");
    const shrunk = await shrinkSeed(1, () => ({ mutation: mutation() }));
    expect(shrunk!.failure.checker).toBe("publishes");
    // A client, and as many publishes as it takes until the fault shows.
    expect(shrunk!.kept.length).toBeLessThan(60);
    expect(new Set(shrunk!.kept.map(({ kind }) => kind))).toEqual(new Set(["client starts", "publish"]));
    const { failure } = await runSeed(1, { mutation: mutation(), without: shrunk!.without });
    expect(failure).toEqual(shrunk!.failure);
  }, 60_000);

  it("is one: the others are not made small", async () => {
    expect(await shrinkSeed(2)).toBeUndefined();
  });
});
