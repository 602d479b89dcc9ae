import type { ConsumeMessage } from "amqplib";
import { describe, expect, it } from "vitest";
import type { RabbitmqBinding } from "@hawser/log-rabbitmq";
import { boundEntry, compileBindings } from "../../src/bindings/bindings.ts";

function message(text: string, more: object = {}, routingKey = "", headers: object = {}): ConsumeMessage {
  const properties = { ...more, headers: { "x-stream-offset": 6, ...headers } };
  return { content: Buffer.from(text), properties, fields: { routingKey } } as unknown as ConsumeMessage;
}

describe("a binding", () => {
  it("puts the names of a channel where its stream has them", () => {
    const bind = compileBindings([{ pattern: "orders.{shop}.{id}", stream: "o-{id}-{shop}" }]);
    expect(bind("orders.berlin.42")?.stream).toBe("o-42-berlin");
    expect(bind("orders.berlin")).toBeUndefined();
    expect(bind("orders.berlin.42")?.read(message("x"))?.channel).toBe("orders.berlin.42");
  });

  it("parts a stream by a header, or by the routing key", () => {
    const byHeader = compileBindings([{ pattern: "orders.{id}", stream: "o", key: { header: "order" } }])("orders.1")!;
    expect(byHeader.stream).toBe("o");
    expect(byHeader.read(message("x", {}, "", { order: "7" }))?.channel).toBe("orders.7");
    expect(byHeader.read(message("x", {}, "", { order: 8 }))?.channel).toBe("orders.8");
    for (const order of [undefined, "a.b", "", {}]) {
      expect(byHeader.read(message("x", {}, "", { order }))?.channel).toBeUndefined();
    }
    const byKey = compileBindings([{ pattern: "{id}.orders", stream: "o", key: "routing-key" }])("1.orders")!;
    expect(byKey.read(message("x", {}, "$&"))?.channel).toBe("$&.orders");
  });

  it.each<RabbitmqBinding>([
    { pattern: "orders.{id}", stream: "orders-{shop}" },
    { pattern: "orders.{id}", stream: "orders" },
    { pattern: "orders.*", stream: "orders" },
    { pattern: "orders.{id}.{shop}", stream: "orders", key: "routing-key" },
    { pattern: "orders.{id}", stream: "orders-{id}", key: "routing-key" },
    { pattern: "orders", stream: "orders", key: "routing-key" },
    { pattern: "orders..x", stream: "orders" },
    { pattern: "orders.{id}", stream: "orders", key: "routing-key", mode: "both" },
    { pattern: "orders.{id}", stream: "orders", key: "routing-key", exchange: "shop" },
    { pattern: "orders.{id}", stream: "orders", key: { header: "id" }, mode: "both", exchange: "shop" },
  ])("is refused when its channels would not have each their own messages, as of %j", (binding) => {
    expect(() => compileBindings([binding])).toThrow(expect.objectContaining({ code: "option-invalid" }));
  });

  it("makes an entry of a message, and a hole of what is not of its kind", () => {
    const entryOf = (text: string, contentType?: string, kind?: "json" | "text") => {
      const bind = compileBindings([{ pattern: "a", stream: "a", ...(kind === undefined ? {} : { kind }) }]);
      return boundEntry(bind("a")!.read(message(text, { contentType, timestamp: 5 }))!);
    };
    expect(entryOf("{}", "application/json")).toMatchObject({ offset: 7, time: 5_000, payload: { kind: "json" } });
    expect(entryOf("{}").payload?.kind).toBe("bytes");
    expect(entryOf("{", undefined, "text").payload?.kind).toBe("text");
    expect(entryOf("{", "application/json").payload).toBeUndefined();
    expect(entryOf("{", undefined, "json").payload).toBeUndefined();
  });

  it("knows a message again by its place, its time and what it holds", () => {
    const read = compileBindings([{ pattern: "a", stream: "a" }])("a")!.read;
    const idOf = (text: string, timestamp: number) => read(message(text, { timestamp }))?.id;
    expect(idOf("a", 1)).toBe(idOf("a", 1));
    expect(new Set([idOf("a", 1), idOf("a", 2), idOf("b", 1)]).size).toBe(3);
  });
});
