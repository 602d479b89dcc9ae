import { describe, expect, it } from "vitest";
import { parseArguments } from "../src/arguments.ts";
import type { CommandSpecification } from "../src/arguments.ts";
import { UsageError } from "../src/exit-codes.ts";

const specification: CommandSpecification = {
  name: "sub",
  summary: "",
  positionals: "CHANNEL...",
  minPositionals: 1,
  maxPositionals: 2,
  options: {
    from: { type: "string", description: "" },
    count: { type: "string", short: "n", description: "" },
    json: { type: "boolean", description: "" },
    "exit-on": { type: "string", multiple: true, description: "" },
  },
  description: [],
  examples: [],
};

const parse = (...words: string[]): ReturnType<typeof parseArguments> => parseArguments(specification, words);

describe("parseArguments", () => {
  it("takes options in any place, and positional arguments in their order", () => {
    const given = parse("one", "--json", "-n", "3", "two", "--from=last:5");
    expect(given.positionals).toEqual(["one", "two"]);
    expect(given.flag("json")).toBe(true);
    expect(given.integer("count", 1)).toBe(3);
    expect(given.string("from")).toBe("last:5");
  });

  it("takes everything behind -- as it is", () => {
    expect(parse("one", "--", "--json").positionals).toEqual(["one", "--json"]);
    expect(parse("one", "--", "--json").flag("json")).toBe(false);
  });

  it("gathers repeated values, and those between commas", () => {
    expect(parse("one", "--exit-on", "lost,reset", "--exit-on", "disconnect").strings("exit-on")).toEqual([
      "lost",
      "reset",
      "disconnect",
    ]);
  });

  it("guesses what an unknown option was meant to be", () => {
    expect(() => parse("one", "--jsno")).toThrow(new UsageError("sub has no option --jsno; did you mean --json?"));
    expect(() => parse("one", "--zzzzzzzz")).toThrow(new UsageError("sub has no option --zzzzzzzz"));
  });

  it("says which argument is missing, and which is too many", () => {
    expect(() => parse()).toThrow("sub needs CHANNEL...");
    expect(() => parse("a", "b", "c")).toThrow('sub does not take the argument "c"');
  });

  it("refuses an option without its value", () => {
    expect(() => parse("one", "--from")).toThrow(UsageError);
  });

  it.each(["0", "-1", "1.5", "many", "", "9007199254740993"])("refuses %j as a count", (text) => {
    expect(() => parse("one", `--count=${text}`).integer("count", 1)).toThrow(
      "--count must be a whole number from 1 on",
    );
  });
});
