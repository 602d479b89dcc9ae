import { describe, expect, it } from "vitest";
import { assert, closeCodes, HawserError, mayReconnect } from "@hawser/protocol";

describe("HawserError", () => {
  it("carries its code, whether to retry, and its cause", () => {
    const cause = new Error("below");
    const error = new HawserError("rate-limited", "Wait.", { retry: true, retryAfterMs: 250, cause });
    expect(error).toMatchObject({ name: "HawserError", code: "rate-limited", retry: true, retryAfterMs: 250, cause });
    expect(new HawserError("forbidden", "No.")).toMatchObject({ retry: false, retryAfterMs: 0 });
    expect("cause" in new HawserError("forbidden", "No.")).toBe(false);
  });
});

describe("assert", () => {
  it("throws what is no HawserError", () => {
    expect(() => assert(true, "held")).not.toThrow();
    expect(() => assert(false, "two is one")).toThrow(new Error("Hawser invariant broken: two is one"));
  });
});

describe("mayReconnect", () => {
  it("says again to 4000 to 4499, and not to 4500 to 4999", () => {
    const own = Object.values(closeCodes).filter((code) => code >= 4000);
    expect(own.filter(mayReconnect)).toEqual(own.filter((code) => code < 4500));
  });

  it("says again to the standard codes that a new connection may mend", () => {
    expect([1001, 1005, 1006, 1011, 1012, 1013, 1014, 1015].filter(mayReconnect)).toHaveLength(8);
    expect([1000, 1002, 1003, 1007, 1008, 1009, 1010].filter(mayReconnect)).toEqual([]);
  });
});
