import type { Framing } from "@hawser/server/core";

const headroomBytes = 4;

/** The simulator's frame header: the length of the message. */
export const simulatedFraming: Framing = {
  name: "simulated",
  headroomBytes,
  frame(message) {
    new DataView(message.buffer, message.byteOffset).setUint32(0, message.length - headroomBytes);
    return message;
  },
};

/** The messages of one raw write: its pieces need not begin or end where messages do. */
export function messagesOf(pieces: readonly Uint8Array[]): Uint8Array[] {
  const stream = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  const messages: Uint8Array[] = [];
  let at = 0;
  while (at < stream.length) {
    if (at + headroomBytes > stream.length) throw new Error("a write ends inside a frame's header");
    const length = view.getUint32(at);
    at += headroomBytes;
    if (at + length > stream.length) throw new Error("a write ends inside a message");
    // A copy: the bytes belong to the receiver, and blocks are shared.
    messages.push(Uint8Array.from(stream.subarray(at, at + length)));
    at += length;
  }
  return messages;
}
