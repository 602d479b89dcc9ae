import { describe, expect, it } from "vitest";
import { defaultHomeLimits, resolveHomeLimits } from "../../src/home/home-limits.ts";

describe("the limits of a home", () => {
  it("are the defaults where none is named", () => {
    expect(resolveHomeLimits({ maxSockets: 1 })).toEqual({ ...defaultHomeLimits, maxSockets: 1 });
  });

  it.each([
    { maxSockets: 0 },
    { socketWindowBytes: 63 },
    { socketResumeMs: 2 ** 31 },
    { maxSockets: 1.5 },
    { other: 1 },
  ])("are refused as %o", (limits) =>
    expect(() => resolveHomeLimits(limits)).toThrow(expect.objectContaining({ code: "option-invalid" })),
  );

  it("are taken at their bounds", () => {
    expect(resolveHomeLimits({ socketWindowBytes: 64, socketResumeMs: 2 ** 31 - 1 }).socketWindowBytes).toBe(64);
  });
});
