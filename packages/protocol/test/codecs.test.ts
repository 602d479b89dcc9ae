import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsonCodec, protobufCodec } from "@hawser/protocol";
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
