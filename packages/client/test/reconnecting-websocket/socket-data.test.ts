import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defaultSendQueue, SendQueue } from "../../src/reconnecting-websocket/send-queue.ts";
import { dataBytes, snapshotOf } from "../../src/reconnecting-websocket/socket-data.ts";

describe("the size of a message", () => {
  it("is that of its UTF-8, for any string", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(dataBytes(text)).toBe(new TextEncoder().encode(text).byteLength);
      }),
    );
    for (const text of ["\ud800", "\udc00", "\ud800a", "\ud83d\ud83d\ude00", "a\udc00\ud800"])
      expect(dataBytes(text)).toBe(new TextEncoder().encode(text).byteLength);
  });

  it("is that of the view, not of the buffer under it", () => {
    expect(dataBytes(new Uint8Array(10).subarray(2, 5))).toBe(3);
    expect(snapshotOf(new DataView(Uint8Array.of(1, 2, 3, 4).buffer, 1, 2))).toEqual(Uint8Array.of(2, 3));
    expect(dataBytes(new Blob(["né"]))).toBe(3);
  });
});

describe("the queue", () => {
  it("never holds more than its bounds, keeps the order, and accounts for each message", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ maxLength: 8 })),
        fc.constantFrom("reject" as const, "drop-oldest" as const),
        (texts, overflow) => {
          const queue = new SendQueue({ maxMessages: 4, maxBytes: 12, overflow });
          const taken: string[] = [];
          let dropped = 0;
          for (const text of texts) {
            const result = queue.push(text);
            if (result !== undefined) {
              taken.push(text);
              dropped += result;
            }
            expect(queue.messages).toBeLessThanOrEqual(4);
            expect(queue.bytes).toBeLessThanOrEqual(12);
          }
          const kept = taken.slice(dropped);
          expect(queue.messages).toBe(kept.length);
          expect(Array.from({ length: kept.length }, () => queue.shift())).toEqual(kept);
          expect([queue.bytes, queue.shift()]).toEqual([0, undefined]);
        },
      ),
    );
  });

  it("has bounds by default", () => {
    expect(defaultSendQueue).toEqual({ maxMessages: 1_000, maxBytes: 8_388_608, overflow: "reject" });
  });
});
