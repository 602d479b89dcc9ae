import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FrameSplitter, jsonCodec, protobufCodec } from "../../src/index.ts";
import type { Codec, Frame } from "../../src/index.ts";
import { codeOf } from "../support/errors.ts";

const pings: Frame[] = [1, 300, 70_000, 2 ** 40].map((nonce) => ({ type: "ping", nonce }));

function bytesOf(codec: Codec, frames: readonly Frame[]): Uint8Array {
  return Uint8Array.from(frames.flatMap((frame) => [...codec.encode(frame)]));
}

/** All frames of a stream that comes in pieces. */
function split(binary: boolean, pieces: readonly Uint8Array[], maxFrameBytes = 1_000): Uint8Array[] {
  const splitter = new FrameSplitter(binary, maxFrameBytes);
  const frames: Uint8Array[] = [];
  for (const piece of pieces) {
    splitter.push(piece);
    for (let frame = splitter.next(); frame !== undefined; frame = splitter.next()) frames.push(frame);
  }
  const rest = splitter.rest();
  return rest === undefined ? frames : [...frames, rest];
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("a stream of frames", () => {
  it.each([protobufCodec, jsonCodec])("is cut where they end, however it comes in pieces [WIRE-11]", (codec) => {
    const whole = bytesOf(codec, pings);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }), (sizes) => {
        const pieces: Uint8Array[] = [];
        for (let at = 0, turn = 0; at < whole.length; turn += 1) {
          const size = sizes[turn % sizes.length]!;
          pieces.push(whole.slice(at, at + size));
          at += size;
        }
        expect(split(codec.binary, pieces).flatMap((frame) => codec.decodeServer(frame))).toEqual(pings);
      }),
    );
  });

  it("keeps what it gave as it was, whatever comes behind", () => {
    const splitter = new FrameSplitter(true, 1_000);
    const whole = bytesOf(protobufCodec, pings);
    const given: Uint8Array[] = [];
    for (const byte of whole) {
      splitter.push(Uint8Array.of(byte));
      for (let frame = splitter.next(); frame !== undefined; frame = splitter.next()) given.push(frame);
    }
    expect(given.flatMap((frame) => protobufCodec.decodeServer(frame))).toEqual(pings);
  });

  it("may leave out the line feed of its last line, and have blank ones", () => {
    const lines = split(false, [utf8('\n \r\n{"type":"ping"}\r\n\t\n{"type":"pong"}')]);
    expect(lines.map((line) => jsonCodec.decodeServer(line)[0]?.type)).toEqual(["ping", "pong"]);
    expect(split(false, [utf8('{"type":"ping"}\n  ')])).toHaveLength(1);
  });

  it("keeps nothing of the white space ahead of a line, however much comes [WIRE-4]", () => {
    const lines = split(false, [utf8(" ".repeat(50)), utf8(" \r\n\t".repeat(50)), utf8(' \n {"type":"ping"} \n')], 20);
    expect(lines).toEqual([utf8('{"type":"ping"} \n')]);
    expect(split(false, [utf8("\n".repeat(50))], 20)).toEqual([]);
  });

  it("takes a frame of the largest size and refuses one of a byte more, whole or not", () => {
    const frame = Uint8Array.of(9, ...new Uint8Array(9));
    expect(split(true, [frame], 10)).toHaveLength(1);
    expect(codeOf(() => split(true, [frame], 9))).toBe("message-too-large");
    expect(codeOf(() => split(true, [frame.subarray(0, 1)], 9))).toBe("message-too-large");
    expect(split(false, [utf8("123456789\n")], 10)).toHaveLength(1);
    expect(codeOf(() => split(false, [utf8("1234567890")], 9))).toBe("message-too-large");
    expect(codeOf(() => split(false, [utf8("123456789\n")], 9))).toBe("message-too-large");
  });

  it("is malformed when it ends within a frame, or names a length that none has", () => {
    expect(codeOf(() => split(true, [Uint8Array.of(5, 1)]))).toBe("frame-malformed");
    expect(codeOf(() => split(true, [new Uint8Array(5).fill(0xff)]))).toBe("frame-malformed");
  });
});
