import { expect, it } from "vitest";
import { nearest } from "../src/nearest.ts";

it("finds the word with the fewest changes", () => {
  expect(nearest("prot", ["path", "port", "host"])).toBe("port");
  expect(nearest("HAWSER_PROT", ["HAWSER_PATH", "HAWSER_PORT"])).toBe("HAWSER_PORT");
  expect(nearest("histroy", ["history", "help"])).toBe("history");
});

it("finds nothing where no word is near", () => {
  expect(nearest("xyz", ["history", "token"])).toBeUndefined();
});
