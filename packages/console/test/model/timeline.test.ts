import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chatMessage, Timeline } from "../../src/model/timeline.ts";
import type { ChatMessage } from "../../src/model/timeline.ts";

const message = (offset: number): ChatMessage => ({
  epoch: 1,
  offset,
  time: offset,
  publisher: "ann",
  text: `${offset}`,
  code: false,
});
const offsets = (timeline: Timeline): number[] => timeline.messages.map(({ offset }) => offset);

describe("Timeline", () => {
  it("holds each offset once, in order, however messages come in", () => {
    const batches = fc.array(fc.array(fc.integer({ min: 1, max: 60 })));
    fc.assert(
      fc.property(batches, (all) => {
        const timeline = new Timeline();
        for (const batch of all) timeline.add(batch.map(message));
        expect(offsets(timeline)).toEqual([...new Set(all.flat())].toSorted((one, other) => one - other));
        for (const offset of all.flat()) expect(timeline.has(offset)).toBe(true);
        expect(timeline.has(61)).toBe(false);
      }),
    );
  });

  it("puts an older page in front, without what it has already", () => {
    const timeline = new Timeline();
    timeline.add([5, 6].map(message));
    timeline.prepend([2, 4, 5].map(message));
    expect(offsets(timeline)).toEqual([2, 4, 5, 6]);
  });

  it("forgets what a log that went back no longer holds", () => {
    const timeline = new Timeline();
    timeline.add([1, 2, 3].map(message));
    expect(timeline.truncate(1)).toBe(2);
    timeline.add([message(2)]);
    expect(offsets(timeline)).toEqual([1, 2]);
  });

  it("keeps the newest at its limit, and lets the oldest go one past it", () => {
    const timeline = new Timeline();
    timeline.add([1, 2, 3].map(message));
    timeline.notice({ offset: 1, text: "gone with the first" });
    expect(timeline.keepNewest(3)).toBe(false);
    expect(timeline.keepNewest(2)).toBe(true);
    expect(offsets(timeline)).toEqual([2, 3]);
    expect(timeline.notices).toEqual([]);
  });
});

describe("chatMessage", () => {
  const received = (data: unknown): ChatMessage =>
    chatMessage({ data, position: { epoch: 1, offset: 2 }, time: 3, publisher: "ann" });

  it("shows text as it is, and anything else as JSON", () => {
    expect(received("hello")).toEqual({ epoch: 1, offset: 2, time: 3, publisher: "ann", text: "hello", code: false });
    expect(received({ text: "hello", more: 1 })).toMatchObject({ text: "hello", code: false });
    expect(received({ text: 1 })).toMatchObject({ text: '{\n  "text": 1\n}', code: true });
    expect(received(null)).toMatchObject({ text: "null", code: true });
    expect(received(new Uint8Array(3))).toMatchObject({ text: "3 bytes", code: true });
    expect(received(undefined)).toMatchObject({ text: "a message that cannot be shown" });
  });
});
