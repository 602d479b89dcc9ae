import { describe, expect, it } from "vitest";
import { Recent } from "../../src/delivery/recent.ts";

describe("recent things", () => {
  it("are held up to a bound in bytes, and the oldest leave past it", () => {
    const recent = new Recent<string>(100);
    recent.keep("a", 40);
    recent.keep("b", 60);
    expect([recent.items, recent.bytes]).toEqual([["b", "a"], 100]);
    recent.keep("c", 1);
    expect([recent.items, recent.bytes]).toEqual([["c", "b"], 61]);
  });

  it("are held up to sixteen", () => {
    const recent = new Recent<number>(1_000);
    for (let count = 1; count <= 17; count += 1) recent.keep(count, 1);
    expect([recent.items.at(0), recent.items.at(-1), recent.items.length]).toEqual([17, 2, 16]);
  });

  it("are let go of when they are done with", () => {
    const recent = new Recent<number>(1_000);
    for (let count = 1; count <= 6; count += 1) recent.keep(count, count);
    recent.drop((count) => count % 2 === 0);
    expect([recent.items, recent.bytes]).toEqual([[5, 3, 1], 9]);
  });

  it("are not held when one alone is above the bound, or they were cleared", () => {
    const recent = new Recent<string>(100);
    recent.keep("large", 101);
    expect([recent.items, recent.bytes]).toEqual([[], 0]);
    recent.keep("a", 1);
    recent.clear();
    expect([recent.items, recent.bytes]).toEqual([[], 0]);
  });
});
