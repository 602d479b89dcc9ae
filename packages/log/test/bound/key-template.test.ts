import { describe, expect, it } from "vitest";
import { compileKey } from "@hawser/log/broker";

describe("the key of a channel", () => {
  it("is the only name of its pattern", () => {
    const keyOf = compileKey("orders.{id}");
    expect([keyOf("orders.7"), keyOf("orders.7.8"), keyOf("other.7")]).toEqual(["7", undefined, undefined]);
  });

  it("is made of texts and names", () => {
    expect(compileKey("shop.{tenant}.{id}", "{tenant}/order-{id}")("shop.acme.7")).toBe("acme/order-7");
  });

  it("has all names of its pattern, and no others", () => {
    for (const [pattern, key] of [
      ["a.{x}", "{y}"],
      ["a.{x}.{y}", "{x}"],
      ["a", undefined],
      ["a.{x}.{y}", undefined],
    ] as const) {
      expect(() => compileKey(pattern, key)).toThrow(expect.objectContaining({ code: "option-invalid" }));
    }
  });
});
