import fc from "fast-check";
import { expect, it } from "vitest";
import { FrameSplitter } from "../../src/wire/frame-splitter.ts";
import { WireError } from "../../src/wire/wire-error.ts";

it("gives the same frames wherever the stream is cut, and however late it is asked", () => {
  const frames = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 10 });
  fc.assert(
    fc.property(frames, fc.array(fc.integer({ min: 0, max: 200 })), fc.array(fc.boolean()), (given, cuts, asks) => {
      const splitter = new FrameSplitter(300);
      const stream = Buffer.concat(given.map(framed));
      const found: number[][] = [];
      const ask = (): void => {
        for (let frame = splitter.next(); frame !== undefined; frame = splitter.next()) found.push([...frame]);
      };
      let at = 0;
      for (const [index, size] of cuts.entries()) {
        splitter.push(stream.subarray(at, at + size));
        at += size;
        if (asks[index] === true) ask();
      }
      splitter.push(stream.subarray(at));
      ask();
      expect(found).toEqual(given.map((frame) => [...frame]));
    }),
  );
});

it("takes a frame of maxFrameBytes, and throws for one byte more and for an empty one, in pieces or whole", () => {
  for (const size of [1, 1_000]) {
    const push = (splitter: FrameSplitter, bytes: Uint8Array): Uint8Array | undefined => {
      let frame: Uint8Array | undefined;
      for (let at = 0; at < bytes.byteLength; at += size) {
        splitter.push(bytes.subarray(at, at + size));
        frame ??= splitter.next();
      }
      return frame;
    };
    expect(push(new FrameSplitter(100), framed(new Uint8Array(100)))?.byteLength).toBe(100);
    expect(() => push(new FrameSplitter(100), framed(new Uint8Array(101)))).toThrow(WireError);
    expect(() => push(new FrameSplitter(100), framed(new Uint8Array(0)))).toThrow(WireError);
  }
});

it("keeps about as many bytes as have come, whatever length was announced", () => {
  const splitters = Array.from({ length: 200 }, () => new FrameSplitter(256 * 1024 * 1024));
  const before = process.memoryUsage().arrayBuffers;
  const announced = Buffer.alloc(1_000);
  announced.writeUInt32LE(256 * 1024 * 1024);
  for (const splitter of splitters) {
    splitter.push(announced);
    expect(splitter.next()).toBeUndefined();
  }
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * 1024 * 1024);
});

function framed(frame: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(frame.byteLength + 4);
  bytes.writeUInt32LE(frame.byteLength);
  bytes.set(frame, 4);
  return bytes;
}
