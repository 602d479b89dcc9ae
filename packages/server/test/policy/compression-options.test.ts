import { describe, expect, it } from "vitest";
import { compressionLevel } from "../../src/policy/compression-options.ts";

describe("the option compression", () => {
  it("is off by default", () => {
    expect(compressionLevel(undefined)).toBeUndefined();
    expect(compressionLevel(false)).toBeUndefined();
  });

  it("has a level, which is 1 by default", () => {
    expect(compressionLevel(true)).toBe(1);
    expect(compressionLevel({})).toBe(1);
    for (const level of [1, 6, 9]) expect(compressionLevel({ level })).toBe(level);
  });

  it.each([
    ["yes", "compression"],
    [null, "compression"],
    [{ level: 0 }, "compression.level"],
    [{ level: 10 }, "compression.level"],
    [{ level: 1.5 }, "compression.level"],
    [{ threshold: 100 }, "compression.threshold"],
  ])("is refused: %j", (option, name) => {
    expect(() => compressionLevel(option as never)).toThrow(expect.objectContaining({ code: "option-invalid" }));
    expect(() => compressionLevel(option as never)).toThrow(name);
  });
});
