import { describe, expect, it } from "vitest";
import { formatNumbers, parseNumbers } from "../../src/plan/number-set.ts";

describe("numbers of actions", () => {
  it("are written with ranges, and read again", () => {
    expect(formatNumbers([9, 3, 7, 10, 11])).toBe("3,7,9-11");
    expect(parseNumbers("3,7,9-11")).toEqual(new Set([3, 7, 9, 10, 11]));
    expect(formatNumbers([])).toBe("");
  });

  it("are nothing else", () => {
    for (const text of ["", "x", "1-", "1,,2", "-3", "1-99999999999"]) expect(parseNumbers(text), text).toBeUndefined();
  });
});
