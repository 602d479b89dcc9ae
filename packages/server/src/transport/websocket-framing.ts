import type { Framing } from "./transport.ts";

/** A whole message in one unmasked frame: FIN and the opcode (RFC 6455, section 5.2). */
const finText = 0x81;
const finBinary = 0x82;
const finPing = 0x89;
/** The message is compressed (RFC 7692, section 6). */
const reserved1 = 0x40;
/** The longest header of a server's frame: two bytes, and eight for the length. */
const headroomBytes = 10;

/** Writes the header of a server's frame into the headroom of a message, right in front of it. */
function webSocketFraming(name: string, firstByte: number): Framing {
  return {
    name,
    headroomBytes,
    frame: (message) => frameInPlace(message, firstByte),
    frameDeflated: (message) => frameInPlace(message, firstByte | reserved1),
  };
}

function frameInPlace(message: Uint8Array, firstByte: number): Uint8Array {
  const length = message.length - headroomBytes;
  const unused = headroomBytes - headerBytesOf(length);
  // A socket makes a `Buffer` of whatever it is given, for each subscriber anew.
  const framed = Buffer.from(message.buffer, message.byteOffset + unused, message.length - unused);
  writeHeader(framed, firstByte, length);
  return framed;
}

function writeHeader(target: Uint8Array, firstByte: number, length: number): void {
  target[0] = firstByte;
  if (length < 126) target[1] = length;
  else if (length < 65_536) {
    target[1] = 126;
    target[2] = length >>> 8;
    target[3] = length & 0xff;
  } else {
    target[1] = 127;
    const view = new DataView(target.buffer, target.byteOffset);
    // A message is far below 2^53 bytes, so the upper half is a plain division.
    view.setUint32(2, Math.floor(length / 2 ** 32));
    view.setUint32(6, length % 2 ** 32);
  }
}

function headerBytesOf(length: number): number {
  if (length < 126) return 2;
  return length < 65_536 ? 4 : headroomBytes;
}

/** For `hawser.v1`. One object for all connections, so that framed bytes can be shared by it. */
export const binaryFraming: Framing = webSocketFraming("websocket-binary", finBinary);

/** For `hawser.v1.json`. */
export const textFraming: Framing = webSocketFraming("websocket-text", finText);

/** The header alone of a binary frame for a message of so many bytes, for a message that lies in pieces. */
export function binaryFrameHead(length: number): Uint8Array {
  const head = new Uint8Array(headerBytesOf(length));
  writeHeader(head, finBinary, length);
  return head;
}

/** A server's ping, with a payload of at most 125 bytes. */
export function pingFrame(payload: Uint8Array): Uint8Array {
  const frame = Buffer.allocUnsafe(2 + payload.length);
  writeHeader(frame, finPing, payload.length);
  frame.set(payload, 2);
  return frame;
}
