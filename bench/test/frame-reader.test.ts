import { constants, deflateRawSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clientFrame, FrameReader } from "../src/load/frame-reader.ts";

/** A server's frame of the same payload: the same header without the mask. */
function serverFrame(opcode: "binary" | "ping", payload: Uint8Array): Buffer {
  const masked = clientFrame(opcode, payload);
  const header = masked.subarray(0, masked.length - payload.length - 4);
  header[1]! &= 0x7f;
  return Buffer.concat([header, payload]);
}

describe("FrameReader", () => {
  it("finds every frame however the stream is cut", () => {
    const payloads = fc.array(fc.uint8Array({ minLength: 0, maxLength: 300 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(payloads, fc.integer({ min: 1, max: 700 }), (messages, chunkBytes) => {
        const stream = Buffer.concat(messages.map((message) => serverFrame("binary", message)));
        const read: Buffer[] = [];
        const reader = new FrameReader({
          onData: (bytes, start, end) => read.push(Buffer.from(bytes.subarray(start, end))),
          onPing: () => expect.unreachable(),
          onClose: () => expect.unreachable(),
        });
        for (let index = 0; index < stream.length; index += chunkBytes) {
          reader.read(Buffer.from(stream.subarray(index, index + chunkBytes)));
        }
        expect(read.map((message) => [...message])).toEqual(messages.map((message) => [...message]));
      }),
    );
  });

  it("reads a length of 64 bits", () => {
    const sizes: number[] = [];
    const reader = new FrameReader({
      onData: (_, start, end) => sizes.push(end - start),
      onPing: () => expect.unreachable(),
      onClose: () => expect.unreachable(),
    });
    reader.read(serverFrame("binary", new Uint8Array(70_000)));
    expect(sizes).toEqual([70_000]);
  });

  it("inflates what is compressed, and takes nothing else where a frame is too long not to be", () => {
    const compressed = (text: string): Buffer => {
      const payload = deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
      const frame = serverFrame("binary", payload);
      frame[0]! |= 0x40;
      return frame;
    };
    const read: [string, Buffer][] = [];
    const handlers = {
      onData: (bytes: Buffer, start: number, end: number, frame: Buffer) =>
        read.push([bytes.toString("latin1", start, end), Buffer.from(frame)]),
      onPing: () => expect.unreachable(),
      onClose: () => expect.unreachable(),
    };
    const short = serverFrame("binary", Buffer.from("short"));
    const long = compressed("long ".repeat(100));
    new FrameReader(handlers, undefined, 6).read(Buffer.concat([short, long]));
    expect(read).toEqual([
      ["short", short],
      ["long ".repeat(100), long],
    ]);
    expect(() => new FrameReader(handlers, undefined, 5).read(short)).toThrow("0x82");
    expect(() => new FrameReader(handlers).read(long)).toThrow("0xc2");
  });

  it("hands over the payload of a ping", () => {
    const pings: string[] = [];
    const reader = new FrameReader({
      onData: () => expect.unreachable(),
      onPing: (payload) => pings.push(payload.toString()),
      onClose: () => expect.unreachable(),
    });
    reader.read(serverFrame("ping", Buffer.from("mark")));
    expect(pings).toEqual(["mark"]);
  });
});
