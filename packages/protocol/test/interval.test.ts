import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { messagesAbove, receive } from "@hawser/protocol";
import type { Interval, Message } from "@hawser/protocol";

const message = (offset: number): Message => ({ offset, time: 0, payload: undefined, key: "", publisher: "" });

describe("receive", () => {
  it.each([
    [10, { from: 5, to: 9 }, "old"],
    [10, { from: 5, to: 10 }, "old"],
    [10, { from: 10, to: 10 }, "old"],
    [10, { from: 5, to: 11 }, "accepted"],
    [10, { from: 10, to: 11 }, "accepted"],
    [10, { from: 11, to: 12 }, "gap"],
    [10, { from: 11, to: 11 }, "gap"],
    [0, { from: 0, to: 0 }, "old"],
    [0, { from: 0, to: 1 }, "accepted"],
  ] as const)("at offset %i takes %o as %s [SUB-4]", (offset, batch, expected) => {
    expect(receive(offset, batch)).toBe(expected);
  });

  it("delivers every message once and in order, however two feeds of a log are cut, repeated and mixed [SUB-4]", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 30 }),
        fc.array(fc.tuple(fc.nat(60), fc.nat(60)), { maxLength: 40 }),
        (offsets, cuts) => {
          const log = offsets.toSorted((one, other) => one - other);
          const intervals: Interval[] = cuts.map(([one, other]) => ({
            from: Math.min(one, other),
            to: Math.max(one, other),
          }));
          let offset = 0;
          const delivered: number[] = [];
          for (const interval of intervals) {
            if (receive(offset, interval) !== "accepted") continue;
            const sent = log.filter((one) => one > interval.from && one <= interval.to).map(message);
            delivered.push(...messagesAbove(sent, offset).map((one) => one.offset));
            offset = interval.to;
          }
          expect(delivered).toEqual(log.filter((one) => one <= offset));
        },
      ),
    );
  });
});

describe("messagesAbove", () => {
  it("gives the same array when nothing was had", () => {
    const messages = [message(4), message(7)];
    expect(messagesAbove(messages, 3)).toBe(messages);
  });

  it("leaves out what is at or below the offset", () => {
    expect(messagesAbove([message(4), message(7), message(9)], 7)).toEqual([message(9)]);
    expect(messagesAbove([message(4)], 4)).toEqual([]);
  });
});
