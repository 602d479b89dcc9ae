import { expect, it } from "vitest";
import { Restarts } from "../../src/workers/restarts.ts";

it("waits longer with each that lived shortly, and gives the fifth up", () => {
  const restarts = new Restarts();
  expect([0, 9_999, 0, 5_000].map((servedMs) => restarts.ended(servedMs))).toEqual([100, 400, 1_600, 5_000]);
  expect(restarts.ended(9_999)).toBeUndefined();
});

it("begins anew with one that served for ten seconds", () => {
  const restarts = new Restarts();
  for (let day = 0; day < 3; day += 1) {
    expect([10_000, 0, 0, 0].map((servedMs) => restarts.ended(servedMs))).toEqual([100, 400, 1_600, 5_000]);
  }
});
