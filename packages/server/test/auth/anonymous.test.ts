import { describe, expect, it } from "vitest";
import { anonymous } from "../../src/auth/anonymous.ts";
import type { AuthenticateRequest, Identity } from "../../src/auth/identity.ts";

const request = (token: string, session = "s1"): AuthenticateRequest => ({
  token,
  session,
  peer: { address: "192.0.2.1", subprotocol: "hawser.v1", headers: {} },
});
const userOf = (options: Parameters<typeof anonymous>[0], token: string, session?: string): string =>
  (anonymous(options)(request(token, session)) as Identity).user;

describe("anonymous", () => {
  it("gives a session the same user each time, and another session another one", () => {
    expect(userOf({}, "", "s1")).toMatch(/^anonymous-[0-9a-f]{16}$/);
    expect(userOf({}, "", "s1")).toBe(userOf({}, "", "s1"));
    expect(userOf({}, "", "s1")).not.toBe(userOf({}, "", "s2"));
  });

  it("gives no two users the same name where there is no session yet", () => {
    expect(userOf({}, "", "")).not.toBe(userOf({}, "", ""));
  });

  it("gives no capabilities and no expiry", () => {
    expect(Object.keys(anonymous()(request("")))).toEqual(["user"]);
  });

  it("refuses a token, unless names are allowed", () => {
    expect(() => userOf({}, "ann")).toThrow(expect.objectContaining({ code: "token-invalid" }));
    expect(userOf({ allowNames: true }, "ann")).toBe("ann");
    expect(userOf({ allowNames: true }, "ann@example.com")).toBe("ann@example.com");
  });

  it.each([
    "anonymous-0123456789abcdef",
    "two words",
    "a..b",
    ".",
    "*",
    "{a}",
    "line\nbreak",
    "\ud800",
    "x".repeat(129),
    "ä".repeat(65),
  ])("refuses the name %j", (name) => {
    expect(() => userOf({ allowNames: true }, name)).toThrow(expect.objectContaining({ code: "token-invalid" }));
  });
});
