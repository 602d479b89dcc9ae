import { describe, expect, it } from "vitest";
import { boundEntries, compileBindings } from "../../src/bindings/bindings.ts";
import { originMs } from "../../src/bindings/stream-offsets.ts";

describe("a binding", () => {
  it("names the stream of a channel, by the first pattern that fits", () => {
    const find = compileBindings([
      { pattern: "orders.{id}", stream: "shop:orders:{id}" },
      { pattern: "orders.{region}.{id}", stream: "{id}@{region}", field: "body", kind: "json", mode: "both" },
      { pattern: "news", stream: "news" },
    ]);
    expect(find("orders.7")).toEqual({ stream: "shop:orders:7", mode: "read", field: undefined, kind: "json" });
    expect(find("orders.eu.7")).toEqual({ stream: "7@eu", mode: "both", field: "body", kind: "json" });
    expect(find("news")?.stream).toBe("news");
    expect(find("other")).toBeUndefined();
  });

  it.each([
    { pattern: "orders.{id}", stream: "orders:{region}" },
    { pattern: "orders.*", stream: "orders", mode: "both" as const },
    { pattern: "orders..x", stream: "orders" },
  ])("%j is refused", (binding) => {
    expect(() => compileBindings([binding])).toThrow(expect.objectContaining({ code: "option-invalid" }));
  });
});

describe("entries of somebody's stream", () => {
  const entry = (number: number, ...fields: (string | Buffer)[]): [Buffer, Buffer[]] => [
    Buffer.from(`${originMs + 1}-${number}`),
    fields.map((field) => Buffer.from(field)),
  ];
  const shown = (field: string | undefined, kind: "bytes" | "text" | "json", ...found: [Buffer, Buffer[]][]) =>
    boundEntries({ field, kind }, found).map(({ payload }) =>
      payload === undefined ? "hole" : `${payload.kind} ${Buffer.from(payload.data).toString("latin1")}`,
    );

  it("carry one field as it is, or all as JSON", () => {
    const found = entry(0, "body", '{"a":1}', "by", "ann");
    expect(shown("body", "json", found)).toEqual(['json {"a":1}']);
    expect(shown("by", "text", found)).toEqual(["text ann"]);
    expect(shown(undefined, "json", found)).toEqual(['json {"body":"{\\"a\\":1}","by":"ann"}']);
  });

  it("are holes where the field is missing, is not of its kind, or is not text among all", () => {
    const found = entry(0, "body", Buffer.of(0xff));
    expect(shown("other", "text", found)).toEqual(["hole"]);
    expect(shown("body", "text", found)).toEqual(["hole"]);
    expect(shown("body", "json", entry(0, "body", "{"))).toEqual(["hole"]);
    expect(shown(undefined, "json", found)).toEqual(["hole"]);
    expect(shown("body", "bytes", found)).toEqual(["bytes ÿ"]);
  });

  it("are one hole where there are too many in a millisecond", () => {
    const many = [8_190, 8_191, 8_192, 9_000].map((number) => entry(number, "body", "x"));
    expect(shown("body", "text", ...many)).toEqual(["text x", "hole"]);
  });
});
