import { checkSender } from "../frame-rules.ts";
import { frameTable } from "../frame-table.ts";
import type { Frame } from "../frames.ts";
import { readFrame } from "./decode.ts";
import type { ReadKnown } from "./decode.ts";
import { Reader } from "./reader.ts";
import type { ProvePayload } from "./reader.ts";

/** The frames of one message, each of which `sender` may send. */
export function readMessage(
  message: Uint8Array,
  sender: "client" | "server",
  readKnown: ReadKnown,
  prove: ProvePayload,
): Frame[] {
  const reader = new Reader(message, prove);
  const frames: Frame[] = [];
  do {
    const outer = reader.enter();
    const frame = readFrame(reader, readKnown);
    reader.leave(outer);
    checkSender(frame.type, frameTable[frame.type].from, sender);
    frames.push(frame);
  } while (reader.more);
  return frames;
}
