import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { carryRecord, readRecord } from "../../src/broker/index.ts";
import type { CarriedRecord, LogRecord } from "../../src/broker/index.ts";

const text = fc.string({ unit: "grapheme", maxLength: 20 });
const count = fc.nat();

const append = fc.record({
  kind: fc.constant("append" as const),
  id: fc.string({ minLength: 1 }),
  epoch: count,
  channel: text,
  producer: text,
  sequence: count,
  previous: count,
  deduplicateMs: fc.oneof(count, fc.constant(Infinity)),
  payload: fc.record({ kind: fc.constantFrom("bytes", "text", "json"), data: fc.uint8Array() }),
  key: text,
  publisher: text,
});

function read({ headers, value }: CarriedRecord): LogRecord {
  return readRecord(
    (name) => headers[name],
    value,
    () => "somebody's",
  );
}

describe("a record as brokers carry it", () => {
  it("is the record that was carried, for any append", () => {
    fc.assert(
      fc.property(append, (record) => {
        expect(read(carryRecord(record))).toEqual(record);
      }),
    );
  });

  it.each([
    { kind: "begin", id: "a-1", seen: 4, after: "unknown", epoch: 9 },
    { kind: "epoch", id: "a-2", above: 9, epoch: 11, start: 40 },
    { kind: "request", id: "a-3" },
  ] as const)("is the record that was carried, for a $kind", (record) => {
    expect(read(carryRecord(record))).toEqual(record);
  });

  it("has the payload as its value, as it was published", () => {
    const data = new TextEncoder().encode("hello");
    const record: LogRecord = {
      kind: "append",
      id: "a-1",
      epoch: 1,
      channel: "room",
      producer: "p",
      sequence: 1,
      previous: 0,
      deduplicateMs: 1_000,
      payload: { kind: "text", data },
      key: "",
      publisher: "ada",
    };
    expect(carryRecord(record)).toEqual({
      headers: {
        "hawser-kind": "append",
        "hawser-id": "a-1",
        "hawser-channel": "room",
        "hawser-type": "text",
        "hawser-order": "1 1 0 1000 p",
        "hawser-user": "ada",
      },
      value: data,
    });
  });

  it.each([
    ["without headers", {}, ""],
    ["of a kind that does not exist", { "hawser-kind": "wish", "hawser-id": "a" }, "{}"],
    ["of the log's own whose value is not JSON", { "hawser-kind": "begin", "hawser-id": "a" }, "{"],
    ["of the log's own whose value is no object", { "hawser-kind": "begin", "hawser-id": "a" }, "7"],
    ["that appends without a channel", { "hawser-kind": "append", "hawser-id": "a", "hawser-type": "text" }, ""],
    [
      "that appends with an order that is none",
      {
        "hawser-kind": "append",
        "hawser-id": "a",
        "hawser-channel": "c",
        "hawser-type": "text",
        "hawser-order": "1 x 0 0 p",
      },
      "",
    ],
  ])("is foreign %s", (_title, headers: Record<string, string>, value) => {
    expect(read({ headers, value: new TextEncoder().encode(value) })).toEqual({ kind: "foreign", id: "somebody's" });
  });
});
