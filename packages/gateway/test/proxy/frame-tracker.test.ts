import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FrameTracker } from "../../src/proxy/frame-tracker.ts";
import { frame, masks } from "../support/frames.ts";
import type { TestFrame } from "../support/frames.ts";
import { receivedByWs } from "../support/ws-receiver.ts";

/** Every form of a header: three lengths, masked or not, data, control and close frames with and without a code. */
const forms: readonly TestFrame[] = masks.flatMap((mask) => [
  { opcode: 1, fin: true, payload: Buffer.from("hello"), mask },
  { opcode: 2, fin: false, payload: Buffer.alloc(0), mask },
  { opcode: 2, fin: true, payload: Buffer.alloc(300, 1), mask },
  { opcode: 2, fin: true, payload: Buffer.alloc(65_536, 2), mask },
  { opcode: 0, fin: true, payload: Buffer.from("x"), mask },
  { opcode: 9, fin: true, payload: Buffer.from("ping"), mask },
  { opcode: 8, fin: true, payload: Buffer.of(0x0f, 0xa1, 0x21), mask },
  { opcode: 8, fin: true, payload: Buffer.alloc(0), mask },
  { opcode: 8, fin: true, payload: Buffer.of(1), mask },
]);

function summary(tracker: FrameTracker): object {
  const { frames, messages, closeCode, atBoundary } = tracker;
  return { frames, messages, closeCode, atBoundary };
}

describe("a frame tracker", () => {
  it("knows frames, messages and close codes however the bytes are cut in two", () => {
    for (const form of forms) {
      const bytes = Buffer.concat([frame(form), frame({ opcode: 1, fin: true, payload: Buffer.from("next") })]);
      const whole = new FrameTracker();
      whole.read(bytes);
      const expected = summary(whole);
      expect(whole.atBoundary).toBe(true);
      expect(whole.frames).toBe(2);
      // Cuts within the payload are all alike.
      for (let cut = 0; cut <= Math.min(bytes.length, 40); cut += 1) {
        const tracker = new FrameTracker();
        tracker.read(bytes.subarray(0, cut));
        tracker.read(bytes.subarray(cut));
        expect(summary(tracker)).toEqual(expected);
      }
    }
  });

  it("knows the same when every byte comes alone", () => {
    for (const form of forms.filter(({ payload }) => payload.length < 1_000)) {
      const tracker = new FrameTracker();
      const bytes = frame(form);
      bytes.forEach((byte, index) => {
        expect(tracker.atBoundary).toBe(index === 0);
        tracker.read(Buffer.of(byte));
      });
      expect(tracker.atBoundary).toBe(true);
      expect(tracker.frames).toBe(1);
    }
  });

  it.each([1000, 1001, 1012, 3000, 4999])("reads the close code %i, masked or not", (code) => {
    for (const mask of masks) {
      const tracker = new FrameTracker();
      tracker.read(frame({ opcode: 8, fin: true, payload: Buffer.of(code >> 8, code & 0xff, 0x61), mask }));
      expect(tracker.closeCode).toBe(code);
    }
  });

  it("calls a close frame without a code 1005, and keeps the code of the first", () => {
    const tracker = new FrameTracker();
    tracker.read(frame({ opcode: 8, fin: true, payload: Buffer.alloc(0) }));
    tracker.read(frame({ opcode: 8, fin: true, payload: Buffer.of(0x03, 0xe8) }));
    expect(tracker.closeCode).toBe(1005);
  });

  it("counts a message at its last byte, and control frames never", () => {
    const tracker = new FrameTracker();
    tracker.read(frame({ opcode: 1, fin: false, payload: Buffer.from("a") }));
    tracker.read(frame({ opcode: 9, fin: true, payload: Buffer.from("a") }));
    const last = frame({ opcode: 0, fin: true, payload: Buffer.from("bc") });
    tracker.read(last.subarray(0, -1));
    expect(tracker.messages).toBe(0);
    tracker.read(last.subarray(-1));
    expect(tracker.messages).toBe(1);
  });

  it("goes on behind reserved bits, reserved opcodes and control frames of a kilobyte", () => {
    const tracker = new FrameTracker();
    for (const opcode of [3, 7, 11, 15])
      tracker.read(frame({ opcode, fin: true, reserved: 7, payload: Buffer.alloc(1_000) }));
    tracker.read(
      frame({ opcode: 8, fin: true, payload: Buffer.concat([Buffer.of(0x03, 0xea), Buffer.alloc(70_000)]) }),
    );
    expect(summary(tracker)).toEqual({ frames: 5, messages: 2, closeCode: 1002, atBoundary: true });
  });

  it("is lost behind a length that no number holds, and never at a boundary again", () => {
    const tracker = new FrameTracker();
    tracker.read(Buffer.of(0x82, 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff));
    tracker.read(frame({ opcode: 1, fin: true, payload: Buffer.from("a") }));
    expect(tracker.lost).toBe(true);
    expect(tracker.atBoundary).toBe(false);
    expect(tracker.readToBoundary(Buffer.alloc(5))).toBe(5);
  });

  it("takes bytes up to the first boundary, and no further", () => {
    for (const form of forms) {
      const bytes = frame(form);
      for (let cut = 1; cut < Math.min(bytes.length, 20); cut += 1) {
        const tracker = new FrameTracker();
        tracker.read(bytes.subarray(0, cut));
        const rest = Buffer.concat([
          bytes.subarray(cut),
          frame({ opcode: 1, fin: true, payload: Buffer.from("more") }),
        ]);
        expect(tracker.readToBoundary(rest)).toBe(bytes.length - cut);
        expect(tracker.atBoundary).toBe(true);
      }
    }
  });

  it("comes to the same on any bytes, however they are cut", () => {
    const bytes = fc.array(fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0x82, 0x88, 0xfe, 0xff, 0, 3)), {
      maxLength: 300,
    });
    fc.assert(
      fc.property(bytes, fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }), (numbers, sizes) => {
        const all = Buffer.from(numbers);
        const [whole, cut] = [new FrameTracker(), new FrameTracker()];
        whole.read(all);
        for (let at = 0, turn = 0; at < all.length; turn += 1) {
          const size = sizes[turn % sizes.length]!;
          cut.read(all.subarray(at, at + size));
          at += size;
        }
        expect(summary(cut)).toEqual(summary(whole));
        expect(cut.lost).toBe(whole.lost);
      }),
      { numRuns: 1_000 },
    );
  });

  it("agrees with the receiver of ws on any stream of frames in any chunks", () => {
    const message = fc.record({
      parts: fc.array(fc.uint8Array({ maxLength: 200 }), { minLength: 1, maxLength: 3 }),
      pings: fc.array(fc.uint8Array({ maxLength: 125 }), { maxLength: 2 }),
      large: fc.constantFrom(0, 126, 65_536),
    });
    const code = fc.oneof(fc.integer({ min: 1000, max: 1003 }), fc.integer({ min: 3000, max: 4999 }));
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 5 }),
        fc.option(code),
        fc.boolean(),
        fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 20 }),
        (messages, close, masked, sizes) => {
          const mask = masked ? Buffer.of(1, 2, 3, 4) : undefined;
          const frames = messages.flatMap(({ parts, pings, large }) =>
            parts.flatMap((part, index) => [
              frame({
                opcode: index === 0 ? 2 : 0,
                fin: index === parts.length - 1,
                payload: Buffer.concat([part, Buffer.alloc(large)]),
                mask,
              }),
              ...pings.map((payload) => frame({ opcode: 9, fin: true, payload: Buffer.from(payload), mask })),
            ]),
          );
          if (close !== null)
            frames.push(frame({ opcode: 8, fin: true, payload: Buffer.of(close >> 8, close & 0xff), mask }));
          const bytes = Buffer.concat(frames);
          const tracker = new FrameTracker();
          for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
            const size = sizes[turn % sizes.length]! * (turn % 3 === 0 ? 300 : 1);
            tracker.read(bytes.subarray(at, at + size));
            at += size;
          }
          const received = receivedByWs(bytes, masked);
          expect(tracker.frames).toBe(frames.length);
          expect(tracker.messages).toBe(received.messages);
          expect(tracker.closeCode).toBe(received.closeCode);
          expect(tracker.atBoundary).toBe(true);
        },
      ),
      { numRuns: 200 },
    );
  });
});
