import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsonCodec, protobufCodec } from "@hawser/protocol";
import type { ServerFrame } from "@hawser/protocol";
import { arbitraryClientFrame, arbitraryServerFrame } from "./support/arbitrary-frames.ts";

describe.each([protobufCodec, jsonCodec])("$subprotocol", (codec) => {
  it("gives back the frames of a client's message, in their order [WIRE-8]", () => {
    fc.assert(
      fc.property(fc.array(arbitraryClientFrame, { minLength: 1, maxLength: 4 }), (frames) => {
        expect(codec.decodeClient(joined(frames.map((frame) => codec.encode(frame))))).toEqual(frames);
      }),
      { numRuns: 1000 },
    );
  });

  it("gives back the frames of a server's message, in their order [WIRE-8]", () => {
    fc.assert(
      fc.property(fc.array(arbitraryServerFrame, { minLength: 1, maxLength: 4 }), (frames) => {
        expect(codec.decodeServer(joined(frames.map((frame) => codec.encode(frame))))).toEqual(frames);
      }),
      { numRuns: 1000 },
    );
  });

  it("leaves as much room in front of a frame as it is asked for", () => {
    fc.assert(
      fc.property(arbitraryServerFrame, fc.nat(40), (frame, headroomBytes) => {
        const bytes = codec.encode(frame, headroomBytes);
        expect(bytes.subarray(headroomBytes)).toEqual(codec.encode(frame));
      }),
    );
  });

  it.each([0, 4_000, 65_000, 65_536, 70_000, 300_000])(
    "keeps nothing of a frame with two payloads of %i bytes: the next ones do not change it",
    (length) => {
      const batch = (byte: number): ServerFrame => ({
        type: "batch",
        number: 1,
        generation: 1,
        epoch: 1,
        from: 0,
        to: 2,
        conflated: false,
        messages: [1, 2].map((offset) => ({
          offset,
          time: 5,
          payload: { kind: "bytes", data: new Uint8Array(length).fill(byte) },
          key: "",
          publisher: "ann",
        })),
      });
      const encoded = [1, 2, 3].map((byte) => {
        const bytes = codec.encode(batch(byte), 10);
        bytes.fill(0, 0, 10);
        return bytes;
      });
      for (const [index, bytes] of encoded.entries()) {
        const [found] = codec.decodeServer(bytes.subarray(10));
        if (found?.type !== "batch") throw new Error("no batch");
        const payloads = found.messages.map(({ payload }) => payload!.data);
        expect(payloads.map((data) => data.length)).toEqual([length, length]);
        // Not `toEqual`, which takes seconds for so many bytes.
        expect(payloads.every((data) => data.every((byte) => byte === index + 1))).toBe(true);
      }
      // Room that is not used would be held as long as the frame is.
      for (const bytes of encoded) expect(bytes.buffer.byteLength).toBeLessThan(bytes.length * 1.2 + 4_200);
    },
  );
});

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
