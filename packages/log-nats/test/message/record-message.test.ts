import { describe, expect, it } from "vitest";
import type { LogRecord } from "@hawser/log/broker";
import { headers } from "@nats-io/transport-node";
import { messageOf, recordOf } from "../../src/message/record-message.ts";

const append: LogRecord = {
  kind: "append",
  id: "n-1",
  epoch: 7,
  channel: "grün\n1",
  producer: " p ",
  sequence: 2,
  previous: 1,
  deduplicateMs: 3_600_000,
  payload: { kind: "json", data: new TextEncoder().encode(`{"a":1}`) },
  key: "k%",
  publisher: "änn",
};

describe("a record as a message", () => {
  it.each<LogRecord>([append, { kind: "begin", id: "n-2", seen: 4, after: "nothing", epoch: 9 }])(
    "is read back as it was: $kind",
    (record) => {
      const { headers: carried, value } = messageOf(record);
      expect(recordOf({ sequence: 5, time: 6, headers: carried, data: value })).toEqual({ offset: 5, time: 6, record });
    },
  );

  it("of somebody else is foreign, and known again by its place, time and size", () => {
    const theirs = headers();
    theirs.set("x", "y");
    const foreign = { kind: "foreign", id: "5-6-3" };
    const data = new Uint8Array(3);
    expect(recordOf({ sequence: 5, time: 6, headers: theirs, data }).record).toEqual(foreign);
    expect(recordOf({ sequence: 5, time: 6, headers: undefined, data }).record).toEqual(foreign);
  });

  it("with a damaged header is foreign", () => {
    const { headers: carried, value } = messageOf(append);
    carried.set("hawser-channel", "%E4");
    expect(recordOf({ sequence: 5, time: 6, headers: carried, data: value }).record.kind).toBe("foreign");
  });
});
