import { describe, expect, it } from "vitest";
import { defaultLimits, resolveLimits } from "../../src/policy/limits.ts";

const invalid = (message: string): unknown =>
  expect.objectContaining({ code: "option-invalid", message: expect.stringContaining(message) });

describe("limits", () => {
  it("are the documented ones where none is named", () => {
    expect(resolveLimits()).toEqual(defaultLimits);
    expect(resolveLimits({ maxRequests: undefined as never })).toEqual(defaultLimits);
  });

  it("that are named take the place of the defaults, and of nothing else", () => {
    expect(resolveLimits({ maxRequests: 7 })).toEqual({ ...defaultLimits, maxRequests: 7 });
  });

  it.each(Object.keys(defaultLimits))("%s must be an integer from 1", (name) => {
    for (const value of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, "5", null]) {
      expect(() => resolveLimits({ [name]: value })).toThrow(invalid(`limits.${name}`));
    }
  });

  const saidAgain = ["presenceLeaseMs", "presenceCheckpointMs"] as const;

  it.each(saidAgain)("%s is not above what the log keeps of presence, by far", (name) => {
    expect(resolveLimits({ [name]: 100_000 })).toMatchObject({ [name]: 100_000 });
    expect(() => resolveLimits({ [name]: 100_001 })).toThrow(invalid(`limits.${name}`));
  });

  it.each(Object.keys(defaultLimits).filter((name) => name.endsWith("Ms") && !saidAgain.some((one) => one === name)))(
    "%s is not above what a timer takes",
    (name) => {
      expect(resolveLimits({ [name]: 2 ** 31 - 1 })).toMatchObject({ [name]: 2 ** 31 - 1 });
      expect(() => resolveLimits({ [name]: 2 ** 31 })).toThrow(invalid(`limits.${name}`));
    },
  );

  it.each(["maxRequest", "__proto__", "constructor", "toString", ""])("named %j are refused", (name) => {
    expect(() => resolveLimits(Object.fromEntries([[name, 5]]))).toThrow(invalid("is not a limit"));
  });

  it("of a burst follow a rate that is raised alone", () => {
    expect(resolveLimits({ framesPerSecond: 1_000_000 }).framesBurst).toBe(1_000_000);
    expect(resolveLimits({ framesPerSecond: 5 }).framesBurst).toBe(defaultLimits.framesBurst);
    expect(resolveLimits({ framesPerSecond: 2_000, framesBurst: 100 }).framesBurst).toBe(100);
  });

  it.each([
    ["defaultHistoryPage", "maxHistoryPage"],
    ["callTimeoutMs", "maxCallTimeoutMs"],
    ["maxTailBytes", "maxNodeTailBytes"],
    ["minUnconfirmedBytes", "maxUnconfirmedBytes"],
    ["maxConnectionsPerAddress", "maxConnections"],
    ["maxTokenBytes", "maxMessageBytes"],
  ] as const)("%s and %s keep their order: the one that is not named follows", (low, high) => {
    expect(resolveLimits({ [high]: 5 })).toMatchObject({ [low]: 5, [high]: 5 });
    const above = defaultLimits[high] + 1;
    expect(resolveLimits({ [low]: above })).toMatchObject({ [low]: above, [high]: above });
    expect(() => resolveLimits({ [low]: 6, [high]: 5 })).toThrow(invalid(low));
  });
});
