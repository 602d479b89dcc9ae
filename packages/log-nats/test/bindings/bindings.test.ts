import { describe, expect, it } from "vitest";
import { boundEntry, compileBinding } from "../../src/bindings/bindings.ts";
import { epochOf } from "../../src/bindings/bound-stream.ts";

const message = { sequence: 7, subject: "s", time: 5, headers: undefined };
const encoder = new TextEncoder();

describe("a binding", () => {
  it("puts the names of a channel where its subject has them", () => {
    const { subjectOf, filter } = compileBinding({
      pattern: "orders.{shop}.{id}",
      stream: "S",
      subject: "o.{id}.x.{shop}",
    });
    expect(filter).toBe("o.*.x.*");
    expect(subjectOf("orders.berlin.42")).toBe("o.42.x.berlin");
    expect(subjectOf("orders.berlin")).toBeUndefined();
    expect(subjectOf("chat.berlin.42")).toBeUndefined();
  });

  it("lets no channel read other subjects than its own", () => {
    const { subjectOf } = compileBinding({ pattern: "orders.{id}", stream: "S", subject: "orders.{id}" });
    expect(subjectOf("orders.*")).toBe("orders.%2A");
    expect(subjectOf("orders.>")).toBe("orders.%3E");
  });

  it("is refused with a name that its pattern does not have, and with a pattern that is none", () => {
    for (const binding of [
      { pattern: "orders.{id}", stream: "S", subject: "orders.{shop}" },
      { pattern: "orders..x", stream: "S", subject: "orders" },
    ]) {
      expect(() => compileBinding(binding)).toThrow(expect.objectContaining({ code: "option-invalid" }));
    }
  });

  it("makes an entry of a message, and a hole of what is not of its kind", () => {
    const data = encoder.encode("{");
    expect(boundEntry({ ...message, data }, "text")).toMatchObject({
      offset: 7,
      time: 5,
      payload: { kind: "text", data },
    });
    expect(boundEntry({ ...message, data }, "json").payload).toBeUndefined();
    expect(boundEntry({ ...message, data: Uint8Array.of(0xff) }, "text").payload).toBeUndefined();
  });
});

describe("the epoch of a stream", () => {
  it("is that of its creation, rises with it, and is the same for everybody", () => {
    const created = ["2026-01-01T00:00:00.1234567Z", "2026-01-01T00:00:00.123457Z", "2026-01-01T00:00:01Z"];
    const epochs = created.map((time) => epochOf({ created: time }).epoch);
    expect(epochs).toEqual(epochs.toSorted((left, right) => left - right));
    expect(epochs).toEqual(created.map((time) => epochOf({ created: time }).epoch));
    expect(epochOf({ created: created[0]! }).lineage).toEqual([{ epoch: epochs[0], start: 0 }]);
  });
});
