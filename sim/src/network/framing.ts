import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import type { Deflate, Framing } from "@hawser/server/core";

const headroomBytes = 4;
/** In the header: the message is compressed. */
const deflated = 0x8000_0000;
/** What the end of each compressed message was before it was sent (RFC 7692, section 7.2.1). */
const trailer = Uint8Array.of(0, 0, 0xff, 0xff);
const finishFlush = constants.Z_SYNC_FLUSH;

/** The simulator's frame header: the length of the message, and whether it is compressed. */
export const simulatedFraming: Framing = {
  name: "simulated",
  headroomBytes,
  frame: (message) => frame(message, 0),
  frameDeflated: (message) => frame(message, deflated),
};

/** How simulated nodes compress. */
export const simulatedDeflate: Deflate = (message) =>
  deflateRawSync(message, { level: 1, finishFlush }).subarray(0, -4);

/** A message of a raw write. */
export interface Written {
  readonly message: Uint8Array;
  /** What it takes on the way, compressed or not. */
  readonly bytes: number;
}

/**
 * The messages of one raw write: its pieces need not begin or end where messages do.
 *
 * @param windowBytes - In which its receiver inflates.
 */
export function messagesOf(pieces: readonly Uint8Array[], windowBytes: number): Written[] {
  const stream = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  const messages: Written[] = [];
  let at = 0;
  while (at < stream.length) {
    if (at + headroomBytes > stream.length) throw new Error("a write ends inside a frame's header");
    const header = view.getUint32(at);
    const bytes = header % deflated;
    at += headroomBytes;
    if (at + bytes > stream.length) throw new Error("a write ends inside a message");
    const part = stream.subarray(at, at + bytes);
    // A copy: the bytes belong to the receiver, and blocks are shared.
    messages.push({ message: header < deflated ? Uint8Array.from(part) : inflate(part, windowBytes), bytes });
    at += bytes;
  }
  return messages;
}

/** A receiver whose window holds less than the message cannot be sure to inflate it. */
function inflate(part: Uint8Array, windowBytes: number): Uint8Array {
  const message = inflateRawSync(Buffer.concat([part, trailer]), { finishFlush });
  if (Math.min(message.length, 32_768) > windowBytes)
    throw new Error(`a message of ${message.length} bytes is compressed for a window of ${windowBytes}`);
  return Uint8Array.from(message);
}

function frame(message: Uint8Array, flag: number): Uint8Array {
  new DataView(message.buffer, message.byteOffset).setUint32(0, message.length - headroomBytes + flag);
  return message;
}
