import { expect, it } from "vitest";
import { styleFor } from "../../src/output/style.ts";
import { testWorld } from "../world.ts";

it("colours for a terminal only", () => {
  expect(styleFor(testWorld({ terminal: true }).stdout, {})("red", "x")).toBe("\u001b[31mx\u001b[39m");
  expect(styleFor(testWorld().stdout, {})("red", "x")).toBe("x");
});

it("does not colour where NO_COLOR is set, or on a dumb terminal", () => {
  const { stdout } = testWorld({ terminal: true });
  expect(styleFor(stdout, { NO_COLOR: "1" })("red", "x")).toBe("x");
  expect(styleFor(stdout, { TERM: "dumb" })("red", "x")).toBe("x");
  expect(styleFor(stdout, { NO_COLOR: "" })("red", "x")).not.toBe("x");
});
