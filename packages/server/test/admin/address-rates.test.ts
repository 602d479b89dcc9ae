import { describe, expect, it } from "vitest";
import { AddressRates } from "../../src/admin/address-rates.ts";

describe("rates by address", () => {
  it("let each address have its burst, and then its rate", () => {
    const rates = new AddressRates(10, 2);
    expect(["a", "a", "a", "b"].map((address) => rates.take(address, 0))).toEqual([0, 0, 100, 0]);
    expect([rates.take("a", 99), rates.take("a", 100)]).toEqual([1, 0]);
  });

  it("take an IPv6 network for one address", () => {
    const rates = new AddressRates(10, 1);
    expect([rates.take("2001:db8::1", 0), rates.take("2001:db8::2", 0)]).toEqual([0, 100]);
  });

  it("remember a thousand addresses, and forget the first for the next", () => {
    const rates = new AddressRates(1, 1);
    for (let index = 0; index < 1_000; index += 1) rates.take(`n${index}`, 0);
    expect(rates.take("n0", 0)).toBe(1_000);
    expect(rates.take("n1000", 0)).toBe(0);
    expect(rates.take("n0", 0)).toBe(0);
    expect(rates.take("n2", 0)).toBe(1_000);
  });
});
