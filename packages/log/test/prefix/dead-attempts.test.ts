import { describe, expect, it } from "vitest";
import { attemptOf, DeadAttempts } from "../../src/prefix/dead-attempts.ts";

describe("attempts that were refused", () => {
  it("are named by what stands before the first dot", () => {
    expect(["n-1", "n-1.0", "n-1.2.3"].map(attemptOf)).toEqual(["n-1", "n-1", "n-1"]);
  });

  it("are let go from the oldest on past the limit", () => {
    const dead = new DeadAttempts(2);
    for (const attempt of ["a", "b"]) dead.add(attempt);
    expect(dead.toArray()).toEqual(["a", "b"]);
    dead.add("c");
    expect(dead.toArray()).toEqual(["b", "c"]);
    expect(dead.has("a")).toBe(false);
  });
});
