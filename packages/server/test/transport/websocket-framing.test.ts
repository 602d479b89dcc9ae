import { describe, expect, it } from "vitest";
import { binaryFrameHead, binaryFraming, textFraming } from "../../src/transport/websocket-framing.ts";

const headerOf = (length: number): number[] => {
  const framed = binaryFraming.frame(new Uint8Array(binaryFraming.headroomBytes + length).fill(7));
  const header = framed.subarray(0, framed.length - length);
  expect(framed.subarray(header.length).every((byte) => byte === 7)).toBe(true);
  return [...header];
};

describe("the header of a message (RFC 6455, section 5.2)", () => {
  it.each([
    [0, [0x82, 0]],
    [1, [0x82, 1]],
    [125, [0x82, 125]],
    [126, [0x82, 126, 0, 126]],
    [256, [0x82, 126, 1, 0]],
    [65_535, [0x82, 126, 0xff, 0xff]],
    [65_536, [0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]],
    [1_048_576, [0x82, 127, 0, 0, 0, 0, 0, 16, 0, 0]],
  ])("of %i bytes has the shortest form of the length", (length, header) => {
    expect(headerOf(length)).toEqual(header);
    expect([...binaryFrameHead(length)]).toEqual(header);
  });

  it("of a text message differs in the opcode only", () => {
    const message = new Uint8Array([...new Uint8Array(textFraming.headroomBytes), 104, 105]);
    expect([...textFraming.frame(message)]).toEqual([0x81, 2, 104, 105]);
  });

  it("is written in front of the message, which is not copied", () => {
    for (const length of [0, 126, 65_536]) {
      const message = new Uint8Array(3 + binaryFraming.headroomBytes + length).subarray(3);
      const framed = binaryFraming.frame(message);
      expect(framed.buffer).toBe(message.buffer);
      expect(framed.byteOffset + framed.length).toBe(message.byteOffset + message.length);
    }
  });
});
