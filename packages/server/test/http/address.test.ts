import { describe, expect, it } from "vitest";
import { addressGroup, addressOf, addressRanges } from "../../src/http/address.ts";

describe("the client's address", () => {
  it("is the socket's when no proxy is trusted, whatever the header says", () => {
    expect(addressOf([])("192.0.2.1", "203.0.113.9")).toBe("192.0.2.1");
  });

  it("of IPv4 over an IPv6 socket is IPv4", () => {
    expect(addressOf([])("::ffff:192.0.2.1", undefined)).toBe("192.0.2.1");
  });

  it.each([
    ["10.0.0.1", "203.0.113.9", "203.0.113.9"],
    ["10.0.0.1", "198.51.100.7, 203.0.113.9", "203.0.113.9"],
    ["10.0.0.1", "203.0.113.9, 10.0.0.2, 10.0.0.3", "203.0.113.9"],
    ["::ffff:10.0.0.1", "203.0.113.9", "203.0.113.9"],
    ["fd00::1", "2001:db8::5", "2001:db8::5"],
    ["10.0.0.1", undefined, "10.0.0.1"],
    ["10.0.0.1", "", "10.0.0.1"],
    ["10.0.0.1", "unknown", "10.0.0.1"],
    ["10.0.0.1", "203.0.113.9, garbage", "10.0.0.1"],
    ["192.0.2.1", "203.0.113.9", "192.0.2.1"],
  ])("at %s with X-Forwarded-For %j is %s", (remote, forwarded, expected) => {
    expect(addressOf(["10.0.0.0/8", "fd00::/8"])(remote, forwarded)).toBe(expected);
  });

  it("is found without reading a header of thousands of addresses through", () => {
    expect(addressOf(["10.0.0.0/8"])("10.0.0.1", "10.0.0.1,".repeat(5_000))).toBe("10.0.0.1");
  });

  it.each(["example.com", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "fd00::/129", ""])(
    "cannot be behind the proxy %j",
    (range) => {
      expect(() => addressOf([range])).toThrow(expect.objectContaining({ code: "option-invalid" }));
    },
  );
});

describe("what counts as one address", () => {
  it.each([
    ["192.0.2.1", "192.0.2.1"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:db8:1:2::6", "2001:db8:1:2::/64"],
    ["2001:0db8:0001:0002:ffff::", "2001:db8:1:2::/64"],
    ["::1", "0:0:0:0::/64"],
    ["::", "0:0:0:0::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["64:ff9b::192.0.2.1", "64:ff9b:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["", ""],
  ])("for %s is %s", (address, group) => {
    expect(addressGroup(address)).toBe(group);
  });
});

describe("ranges of addresses", () => {
  it("hold addresses as sockets give them, and name the option that they are from", () => {
    const holds = addressRanges(["192.0.2.0/24", "2001:db8::/32"], "from");
    for (const address of ["192.0.2.9", "::ffff:192.0.2.9", "2001:db8::1%eth0"]) expect(holds(address)).toBe(true);
    for (const address of ["192.0.3.1", "2001:db9::1", "", "localhost"]) expect(holds(address)).toBe(false);
    expect(() => addressRanges(["192.0.2.0/33"], "from")).toThrow(/^from: /);
  });
});
