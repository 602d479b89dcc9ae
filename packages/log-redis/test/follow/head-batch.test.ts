import { describe, expect, it } from "vitest";
import type { Head } from "@hawser/log";
import { HeadBatch } from "../../src/follow/head-batch.ts";

const headOf = (name: string): Head => ({ epoch: 1, floor: 0, end: Number(name), lineage: [] });

function batch(heads: (names: readonly string[]) => Promise<Head[]>) {
  const waiting: (() => void)[] = [];
  const timers = {
    after: () => {
      throw new Error("no time is waited for");
    },
    soon: (callback: () => void) => void waiting.push(callback),
  };
  const turn = (): void => {
    for (const callback of waiting.splice(0)) callback();
  };
  return { batch: new HeadBatch(timers, heads), turn };
}

describe("heads that one turn asks for", () => {
  it("are asked for together, at most 256 of them, and each is told its own", async () => {
    const calls: number[] = [];
    const { batch: heads, turn } = batch(async (names) => {
      calls.push(names.length);
      return names.map(headOf);
    });
    const asked = Array.from({ length: 257 }, (_, index) => heads.head(`${index}`));
    expect(calls).toEqual([]);
    turn();
    expect((await Promise.all(asked)).map(({ end }) => end)).toEqual(Array.from({ length: 257 }, (_, index) => index));
    expect(calls).toEqual([256, 1]);
  });

  it("fail together, and those of the next turn are asked for anew", async () => {
    let isAway = true;
    const { batch: heads, turn } = batch(async (names) => {
      if (isAway) throw new Error("away");
      return names.map(headOf);
    });
    const failed = heads.head("1");
    turn();
    await expect(failed).rejects.toThrow("away");
    isAway = false;
    const found = heads.head("2");
    turn();
    expect((await found).end).toBe(2);
  });
});
