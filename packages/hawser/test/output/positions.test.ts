import { describe, expect, it } from "vitest";
import { intervalText, parsePosition, positionText } from "../../src/output/positions.ts";

describe("parsePosition", () => {
  it("reads what positionText and --json write", () => {
    const position = { epoch: 1_732_279_000, offset: 42 };
    expect(parsePosition(positionText(position), "--from")).toEqual(position);
    expect(parsePosition(JSON.stringify(position), "--from")).toEqual(position);
  });

  it.each(["", "1", "1:", "a:b", "1:2:3", "-1:2", '{"epoch":1}', "[1,2]", "9007199254740992:1"])(
    "refuses %j",
    (text) => {
      expect(() => parsePosition(text, "--before")).toThrow("--before must be a position");
    },
  );
});

it("says an interval in the offsets that it holds", () => {
  expect(intervalText({ from: 4, to: 9 })).toBe("offsets 5 to 9");
  expect(intervalText({ from: 4, to: 5 })).toBe("offset 5");
});
