import { describe, expect, it } from "vitest";
import type { LogRecord } from "@hawser/log/broker";
import { grouped, maxRecordsPerMessage, packed, unpacked } from "../src/packed-records.ts";

type Append = Extract<LogRecord, { kind: "append" }>;

const append = (id: string, data: Uint8Array = new Uint8Array([1, 2, 3])): Append => ({
  kind: "append",
  id,
  channel: "prices.€",
  producer: "a producer, with spaces",
  sequence: 7,
  previous: 6,
  epoch: 1,
  deduplicateMs: 600_000,
  payload: { kind: "bytes", data },
  key: "k",
  publisher: "ann\n",
});
const appends = (count: number): readonly Append[] =>
  Array.from({ length: count }, (_, index) => append(`attempt.${index}`, new Uint8Array(index)));

describe("records in one message", () => {
  it("are read as they were written, with what they hold", () => {
    const records = appends(maxRecordsPerMessage);
    expect(unpacked(packed(records), () => "")).toEqual(records);
  });

  it("are foreign when their message was cut anywhere, or is of somebody else", () => {
    const whole = packed(appends(3));
    const first = packed(appends(1)).length;
    for (let length = first + 1; length < whole.length; length += 7) {
      const read = unpacked(whole.subarray(0, length), () => "other");
      expect([1, 2]).toContain(read.length);
      if (read.length === 1) expect(read).toEqual([{ kind: "foreign", id: "other" }]);
    }
    expect(unpacked(Buffer.from("what somebody else wrote"), () => "other")).toEqual([
      { kind: "foreign", id: "other" },
    ]);
    expect(unpacked(Buffer.alloc(0), () => "other")).toEqual([{ kind: "foreign", id: "other" }]);
    expect(unpacked(Buffer.from([0, 0, 0, 2, 0x7b, 0x7d, 0, 0, 0, 0]), () => "other")).toEqual([
      { kind: "foreign", id: "other" },
    ]);
  });

  it("do not keep each other's bytes alive", () => {
    const [record] = unpacked(packed(appends(2)), () => "") as readonly Append[];
    expect(record!.payload.data.buffer.byteLength).toBe(record!.payload.data.byteLength);
  });

  it("are as many as the limit says, and no more than fit", () => {
    expect(grouped(appends(16), 16).map((group) => group.length)).toEqual([16]);
    expect(grouped(appends(17), 16).map((group) => group.length)).toEqual([16, 1]);
    expect(grouped(appends(3), 1).map((group) => group.length)).toEqual([1, 1, 1]);
    const large = Array.from({ length: 4 }, () => append("a", new Uint8Array(30_000)));
    expect(grouped(large, 16).map((group) => group.length)).toEqual([2, 2]);
    expect(grouped([append("a", new Uint8Array(1_000_000)), append("b")], 16)).toHaveLength(2);
  });

  it("go alone when they are no appends, and keep their order", () => {
    const request: LogRecord = { kind: "request", id: "r" };
    const groups = grouped([...appends(2), request, ...appends(2)], 16);
    expect(groups.map((group) => group.length)).toEqual([2, 1, 2]);
    expect(groups[1]).toEqual([request]);
  });
});
