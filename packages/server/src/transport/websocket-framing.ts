import type { Framing } from "./transport.ts";

/** A whole message in one unmasked frame: FIN and the opcode (RFC 6455, section 5.2). */
const finText = 0x81;
const finBinary = 0x82;

/** Puts the header of a server's frame in front of a message. */
function webSocketFraming(name: string, firstByte: number): Framing {
  return {
    name,
    frame(message) {
      const length = message.length;
      if (length < 126) {
        const framed = new Uint8Array(2 + length);
        framed[0] = firstByte;
        framed[1] = length;
        framed.set(message, 2);
        return framed;
      }
      if (length < 65_536) {
        const framed = new Uint8Array(4 + length);
        framed[0] = firstByte;
        framed[1] = 126;
        framed[2] = length >>> 8;
        framed[3] = length & 0xff;
        framed.set(message, 4);
        return framed;
      }
      const framed = new Uint8Array(10 + length);
      framed[0] = firstByte;
      framed[1] = 127;
      // A message is far below 2^53 bytes, so the upper half is a plain division.
      new DataView(framed.buffer).setUint32(2, Math.floor(length / 2 ** 32));
      new DataView(framed.buffer).setUint32(6, length % 2 ** 32);
      framed.set(message, 10);
      return framed;
    },
  };
}

/** For `hawser.v1`. One object for all connections, so that framed bytes can be shared by it. */
export const binaryFraming: Framing = webSocketFraming("websocket-binary", finBinary);

/** For `hawser.v1.json`. */
export const textFraming: Framing = webSocketFraming("websocket-text", finText);

/** The header alone of a binary frame for a message of so many bytes, for a message that lies in pieces. */
export function binaryFrameHead(length: number): Uint8Array {
  if (length < 126) return Uint8Array.of(finBinary, length);
  if (length < 65_536) return Uint8Array.of(finBinary, 126, length >>> 8, length & 0xff);
  const head = new Uint8Array(10);
  head[0] = finBinary;
  head[1] = 127;
  new DataView(head.buffer).setUint32(2, Math.floor(length / 2 ** 32));
  new DataView(head.buffer).setUint32(6, length % 2 ** 32);
  return head;
}
