import { describe, expect, it } from "vitest";
import { compileTemplate, placeholders } from "@hawser/log/broker";

describe("a template of channels", () => {
  it("is filled with what stands in a channel for the names of its pattern", () => {
    const nameOf = compileTemplate("shop.{tenant}.{id}", "{tenant}:orders-{id}:{tenant}");
    expect(nameOf("shop.acme.$&")).toBe("acme:orders-$&:acme");
    expect(compileTemplate("shop.{id}", "all")("shop.7")).toBe("all");
  });

  it("has no names that its pattern does not have", () => {
    expect(placeholders("{a}-{b}")).toEqual(["{a}", "{b}"]);
    for (const template of ["{b}", "{a}-{b}", "{shop}"]) {
      expect(() => compileTemplate("shop.{a}", template)).toThrow(expect.objectContaining({ code: "option-invalid" }));
    }
  });
});
