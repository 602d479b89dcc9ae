import { HawserError } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import { defaultProxyLimits, resolveProxyLimits } from "../../src/proxy/limits.ts";

describe("limits of the proxy", () => {
  it("are the defaults with what is named in their place", () => {
    expect(resolveProxyLimits({ maxHeaders: 7 })).toEqual({ ...defaultProxyLimits, maxHeaders: 7 });
  });

  it.each([{ maxHeaders: 0 }, { maxHeaders: 1.5 }, { idleTimeoutMs: 2 ** 31 }, { unknown: 1 }])(
    "%o are refused",
    (limits) => {
      expect(() => resolveProxyLimits(limits)).toThrow(HawserError);
    },
  );

  it("take the least and the most that there is", () => {
    expect(resolveProxyLimits({ maxHeaders: 1, idleTimeoutMs: 2 ** 31 - 1 }).idleTimeoutMs).toBe(2 ** 31 - 1);
  });
});
