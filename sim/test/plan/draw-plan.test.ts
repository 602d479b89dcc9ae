import { describe, expect, it } from "vitest";
import { drawSeed, runSeed } from "../../src/run/run-seed.ts";

describe("the plan of a seed", () => {
  it("numbers its actions in the order of time, its clients first", () => {
    const { options, plan } = drawSeed(3);
    expect(plan.map(({ number }) => number)).toEqual(plan.map((_, index) => index + 1));
    expect(plan.map(({ atMs }) => atMs)).toEqual(plan.map(({ atMs }) => atMs).toSorted((one, other) => one - other));
    expect(plan.filter(({ kind }) => kind === "client starts")).toHaveLength(options.clients.length);
    expect(plan.every(({ atMs }) => atMs < options.workMs)).toBe(true);
  });

  it("runs without what is left out", async () => {
    const { plan } = drawSeed(3);
    const all = new Set(plan.map(({ number }) => number));
    const nothing = await runSeed(3, { without: all });
    expect(nothing.failure).toBeUndefined();
    expect(nothing.published).toBe(0);
    const publishes = new Set(plan.filter(({ kind }) => kind === "publish").map(({ number }) => number));
    const quiet = await runSeed(3, { without: publishes });
    expect(quiet.failure).toBeUndefined();
    expect(quiet.published).toBeLessThan((await runSeed(3)).published);
  });
});
