import { describe, expect, it } from "vitest";
import { parseArguments } from "../src/arguments.ts";

describe("the simulator's command line", () => {
  it("runs many seeds, from the first on", () => {
    expect(parseArguments([])).toEqual({ kind: "many", seeds: 100, first: 1 });
    expect(parseArguments(["--seeds", "10000", "--first", "7"])).toEqual({ kind: "many", seeds: 10_000, first: 7 });
  });

  it("runs one seed, and traces it", () => {
    expect(parseArguments(["--seed", "5"])).toEqual({ kind: "one", seed: 5, trace: false });
    expect(parseArguments(["--seed", "5", "--trace"])).toEqual({ kind: "one", seed: 5, trace: true });
  });

  it("says what is wrong", () => {
    for (const words of [["--seeds"], ["--seed", "x"], ["--first", "-1"], ["--sed", "1"], ["--trace"]]) {
      expect(parseArguments(words).kind).toBe("wrong");
    }
  });
});
