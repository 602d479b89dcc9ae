import type { Codec } from "../codec.ts";
import { checkSender } from "../frame-rules.ts";
import { frameTable } from "../frame-table.ts";
import type { ClientFrame, Frame, ServerFrame } from "../frames.ts";
import { malformed } from "../malformed.ts";
import { encodeText, isUtf8 } from "../text.ts";
import { readFrame } from "./decode.ts";
import { frameText } from "./encode.ts";
import { skipSpace } from "./scanner.ts";

const lineFeed = 0x0a;

/**
 * The frames as lines of JSON: subprotocol `hawser.v1.json`, for people with a terminal and for clients without
 * protobuf. Section 2 of `spec/protocol.md` says how it differs from the protobuf form.
 */
export const jsonCodec: Codec = {
  subprotocol: "hawser.v1.json",
  binary: false,
  // A space is one byte: those in front become the headroom.
  encode: (frame, headroomBytes = 0) => encodeText(`${" ".repeat(headroomBytes)}${frameText(frame)}\n`),
  decodeClient: (message) => decode(message, "client") as ClientFrame[],
  decodeServer: (message) => decode(message, "server") as ServerFrame[],
};

function decode(message: Uint8Array, sender: "client" | "server"): Frame[] {
  if (!isUtf8(message)) malformed("is not UTF-8");
  const frames: Frame[] = [];
  for (let at = 0; at < message.length;) {
    const feed = message.indexOf(lineFeed, at);
    const end = feed < 0 ? message.length : feed;
    const line = message.subarray(at, end);
    const start = skipSpace(line, 0);
    if (start < line.length) {
      const frame = readFrame(line.subarray(start));
      checkSender(frame.type, frameTable[frame.type].from, sender);
      frames.push(frame);
    }
    at = end + 1;
  }
  if (frames.length === 0) malformed("is missing: the message holds none");
  return frames;
}
