import { describe, expect, it } from "vitest";
import { main } from "../src/main.ts";
import { testWorld } from "./world.ts";

describe("main", () => {
  it("prints the version", async () => {
    const world = testWorld();
    expect(await main(["--version"], world)).toBe(0);
    expect(world.out()).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it("shows the overview with every command, and the exit codes", async () => {
    const world = testWorld();
    expect(await main(["help"], world)).toBe(0);
    for (const word of ["serve", "sub", "pub", "call", "history", "token", "Exit codes", "130"])
      expect(world.out()).toContain(word);
  });

  it("shows help on the standard error, with exit code 2, when there is no command", async () => {
    const world = testWorld();
    expect(await main([], world)).toBe(2);
    expect(world.out()).toBe("");
    expect(world.errors()).toContain("Usage: hawser COMMAND");
  });

  it.each(["serve", "sub", "pub", "call", "history", "token"])(
    "shows the help of %s with examples, both ways",
    async (name) => {
      const first = testWorld();
      const second = testWorld();
      expect(await main(["help", name], first)).toBe(0);
      expect(await main([name, "--help"], second)).toBe(0);
      expect(first.out()).toBe(second.out());
      expect(first.out()).toMatch(new RegExp(`^hawser ${name} - `));
      expect(first.out()).toContain("Examples:");
      expect(
        Math.max(
          ...first
            .out()
            .split("\n")
            .map((line) => line.length),
        ),
      ).toBeLessThanOrEqual(120);
    },
  );

  it("guesses what an unknown command was meant to be", async () => {
    const world = testWorld();
    expect(await main(["srve"], world)).toBe(2);
    expect(world.errors()).toContain('there is no command "srve"; did you mean serve?');
  });

  it("points to the command's help when its line is wrong", async () => {
    const world = testWorld();
    expect(await main(["sub"], world)).toBe(2);
    expect(world.errors()).toBe("hawser: sub needs CHANNEL...\nhawser help sub shows what it takes\n");
  });

  it("does not take --help behind -- for a question", async () => {
    const world = testWorld();
    expect(await main(["token", "--", "--help"], world)).toBe(2);
  });
});
