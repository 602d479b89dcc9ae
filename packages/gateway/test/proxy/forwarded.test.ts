import { HawserError } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import { clientOrigins } from "../../src/proxy/forwarded.ts";
import type { ClientOrigin } from "../../src/proxy/forwarded.ts";

function originOf(
  address: string,
  headers: Readonly<Record<string, string>>,
  trustProxy: readonly string[] = ["10.0.0.0/8", "fd00::/8"],
): ClientOrigin {
  return clientOrigins(trustProxy)({ address, port: 1, secure: false }, (name) => headers[name]);
}

describe("where a client comes from", () => {
  it("is its own address, whatever it says, where no proxy is trusted", () => {
    const headers = { host: "a.example", "x-forwarded-for": "192.0.2.1", "x-forwarded-proto": "https" };
    expect(originOf("198.51.100.7", headers, [])).toEqual({
      address: "198.51.100.7",
      secure: false,
      forwardedFor: "198.51.100.7",
      host: "a.example",
      forwarded: 'for=198.51.100.7;host="a.example";proto=http',
    });
  });

  it("is the first address from the right that no trusted proxy has, with the chain as it came", () => {
    const headers = {
      host: "inner",
      "x-forwarded-for": "203.0.113.9, 192.0.2.1, 10.0.0.2",
      "x-forwarded-host": "outer, inner",
    };
    expect(originOf("10.0.0.1", headers)).toMatchObject({
      address: "192.0.2.1",
      forwardedFor: "203.0.113.9, 192.0.2.1, 10.0.0.2, 10.0.0.1",
      host: "outer",
    });
  });

  it.each([
    ["https", true],
    ["wss", true],
    ["https, http", true],
    ["http", false],
    ["httpsx", false],
  ])("is secure or not as a trusted proxy says: %s", (proto, secure) => {
    expect(originOf("10.0.0.1", { "x-forwarded-proto": proto }).secure).toBe(secure);
  });

  it("is written as RFC 7239 has it: IPv6 in quotes and brackets, what would end a quote escaped", () => {
    expect(originOf("2001:db8::1", { host: 'a"b' }).forwarded).toBe(
      String.raw`for="[2001:db8::1]";host="a\"b";proto=http`,
    );
    expect(originOf("::ffff:192.0.2.1", { host: "a" }).forwarded).toBe('for=192.0.2.1;host="a";proto=http');
    expect(originOf("", { host: "a" }).forwarded).toBe('for=unknown;host="a";proto=http');
    expect(originOf("fd00::1", { host: "a", forwarded: "for=x" }).forwarded).toBe(
      'for=x, for="[fd00::1]";host="a";proto=http',
    );
  });

  it("takes nothing but addresses and ranges as proxies", () => {
    expect(() => clientOrigins(["proxy.example"])).toThrow(HawserError);
  });
});
