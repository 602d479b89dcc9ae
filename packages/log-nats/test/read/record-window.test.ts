import { describe, expect, it } from "vitest";
import type { PlacedRecord } from "@hawser/log/broker";
import { RecordWindow } from "../../src/read/record-window.ts";

function placed(offset: number, bytes = 0): PlacedRecord {
  const payload = { kind: "bytes", data: new Uint8Array(bytes) } as const;
  const numbers = { epoch: 1, sequence: 0, previous: 0, deduplicateMs: 0 };
  const texts = { id: `${offset}`, channel: "c", producer: "", key: "", publisher: "" };
  return { offset, time: 0, record: { kind: "append", ...numbers, ...texts, payload } };
}

function offsets(records: readonly PlacedRecord[]): number[] {
  return records.map(({ offset }) => offset);
}

const limits = { maxCount: 4, maxBytes: 1_000_000 };

describe("a window of records", () => {
  it("answers from where it begins on, holes and all", () => {
    const window = new RecordWindow(5, limits);
    for (const offset of [5, 8, 9]) window.add(placed(offset));
    expect([4, 5, 7, 20].map((offset) => window.covers(offset))).toEqual([false, true, true, true]);
    expect(offsets(window.read(6, 10))).toEqual([8, 9]);
    expect(offsets(window.read(5, 2))).toEqual([5, 8]);
    expect(offsets(window.read(10, 10))).toEqual([]);
    expect(window.last).toBe(9);
  });

  it("is full at its number of records, and forgets none that was not read", () => {
    const window = new RecordWindow(1, limits);
    for (const offset of [1, 2, 3]) window.add(placed(offset));
    expect(window.isFull).toBe(false);
    window.add(placed(4));
    expect(window.isFull).toBe(true);
    expect(offsets(window.read(1, 10))).toEqual([1, 2, 3, 4]);
  });

  it("has room again when they were read, and keeps the one that is asked for again", () => {
    const window = new RecordWindow(1, limits);
    for (const offset of [1, 2, 3, 4]) window.add(placed(offset));
    window.read(1, 10);
    expect(window.isFull).toBe(false);
    expect(window.covers(2)).toBe(false);
    expect(offsets(window.read(4, 10))).toEqual([4]);
  });

  it("is full at its bytes", () => {
    const window = new RecordWindow(1, { maxCount: 100, maxBytes: 2_000 });
    window.add(placed(1, 1_400));
    expect(window.isFull).toBe(false);
    window.add(placed(2, 1));
    expect(window.isFull).toBe(true);
  });
});
