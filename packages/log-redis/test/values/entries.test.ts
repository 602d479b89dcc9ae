import { describe, expect, it } from "vitest";
import { entryOf, feedRecordOf } from "../../src/values/entries.ts";

const buffers = (...texts: string[]): Buffer[] => texts.map((text) => Buffer.from(text));

describe("a record of the feed", () => {
  const record = (...values: string[]) =>
    feedRecordOf([
      Buffer.from("1001-512"),
      buffers(...["b", "c", "o", "t", "k", "y", "u", "d", "f"].flatMap((name, index) => [name, values[index]!])),
    ]);

  it("is an entry with its place in the feed", () => {
    expect(record("300", "a", "7", "1700000000000", "text", "k", "ann", "hello", "2")).toEqual({
      epoch: 1001,
      fed: 512,
      before: 300,
      channel: "a",
      entry: {
        offset: 7,
        time: 1_700_000_000_000,
        payload: { kind: "text", data: new TextEncoder().encode("hello") },
        key: "k",
        publisher: "ann",
      },
      floor: 2,
    });
  });

  it("is a floor alone, or only the begin of an epoch", () => {
    expect(record("300", "a", "", "1700000000000", "", "", "", "", "5")).toMatchObject({ entry: undefined, floor: 5 });
    expect(record("0", "", "", "1700000000000", "", "", "", "", "")).toMatchObject({ channel: "", entry: undefined });
  });

  it("does not keep alive what it was read from", () => {
    const data = Buffer.alloc(10_000, "x").subarray(0, 3);
    const fields = ["b", "0", "c", "a", "o", "1", "t", "1", "k", "bytes", "y", "", "u", "", "d"];
    const { entry } = feedRecordOf([Buffer.from("1-1"), [...buffers(...fields), data, ...buffers("f", "0")]]);
    expect(entry?.payload?.data.buffer.byteLength).toBe(3);
  });
});

describe("an entry of a channel's stream", () => {
  it("is read by the names of its fields, in whatever order", () => {
    const fields = buffers("kind", "json", "time", "5", "data", "{}", "publisher", "ann", "more", "ignored");
    expect(entryOf([Buffer.from("9-0"), fields])).toEqual({
      offset: 9,
      time: 5,
      payload: { kind: "json", data: new TextEncoder().encode("{}") },
      key: "",
      publisher: "ann",
    });
  });

  it("is a hole where it has no payload, or one of no kind", () => {
    expect(entryOf([Buffer.from("9-0"), buffers("x", "y")]).payload).toBeUndefined();
    expect(entryOf([Buffer.from("9-0"), buffers("data", "y", "kind", "picture")]).payload).toBeUndefined();
  });
});
