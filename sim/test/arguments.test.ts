import { describe, expect, it } from "vitest";
import { parseArguments } from "../src/arguments.ts";

const many = { kind: "many", seeds: 100, first: 1, workers: undefined, hash: false, kept: false };
const one = { kind: "one", seed: 5, trace: false, hash: false, shrink: false, without: new Set(), mutant: undefined };
const mutants = {
  kind: "mutants",
  ids: [],
  seeds: 5_000,
  first: 1,
  workers: undefined,
  remembered: false,
  remember: false,
};

describe("the simulator's command line", () => {
  it("runs many seeds, from the first on or from one drawn anew", () => {
    expect(parseArguments([])).toEqual(many);
    expect(parseArguments(["--seeds", "10000", "--first", "7"])).toEqual({ ...many, seeds: 10_000, first: 7 });
    expect(parseArguments(["--fresh", "--workers", "3"])).toEqual({ ...many, first: undefined, workers: 3 });
    expect(parseArguments(["--fresh", "--kept"])).toEqual({ ...many, first: undefined, kept: true });
  });

  it("runs one seed, traces it, and leaves out what it is told to", () => {
    expect(parseArguments(["--seed", "5"])).toEqual(one);
    expect(parseArguments(["--seed", "5", "--trace", "--hash"])).toEqual({ ...one, trace: true, hash: true });
    expect(parseArguments(["--seed", "5", "--without", "3,7,9-11"])).toEqual({
      ...one,
      without: new Set([3, 7, 9, 10, 11]),
    });
    expect(parseArguments(["--seed", "5", "--shrink", "--mutant", "one"])).toEqual({
      ...one,
      shrink: true,
      mutant: "one",
    });
  });

  it("hunts mutants, all or some", () => {
    expect(parseArguments(["--mutants"])).toEqual(mutants);
    expect(parseArguments(["--mutants", "--seeds", "50"])).toEqual({ ...mutants, seeds: 50 });
    expect(parseArguments(["--mutants", "one,two", "--remembered"])).toEqual({
      ...mutants,
      ids: ["one", "two"],
      remembered: true,
    });
  });

  it("says what is wrong", () => {
    const wrong = [
      "--seeds",
      "--seed x",
      "--first -1",
      "--sed 1",
      "--trace",
      "--seed 1 --seeds 2",
      "--seed 1 --without 3-",
      "--fresh --first 2",
      "--workers 0",
    ];
    for (const words of wrong) expect(parseArguments(words.split(" ")).kind, words).toBe("wrong");
  });
});
