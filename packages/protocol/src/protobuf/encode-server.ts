import type { Frame } from "../frames.ts";
import type { PageFrame } from "../frames/history-frames.ts";
import type { PublishedFrame } from "../frames/publish-frames.ts";
import type { BatchFrame } from "../frames/subscription-frames.ts";
import type { Message } from "../message.ts";
import { writeFrame, writeLengths, writePayload } from "./encode.ts";
import type { Writer } from "./writer.ts";

/** Writes a frame of either side: those that only a server sends, and that are hot, here and by hand. */
export function writeAnyFrame(writer: Writer, frame: Frame): void {
  switch (frame.type) {
    case "batch":
      writeBatch(writer, frame);
      break;
    case "page":
      writePage(writer, frame);
      break;
    case "published":
      writePublished(writer, frame);
      break;
    default:
      return writeFrame(writer, frame);
  }
  writeLengths(writer, frame.type);
}

function writeBatch(writer: Writer, frame: BatchFrame): void {
  if (frame.conflated) writer.uintField(0x40, 1);
  const time = writeMessages(writer, frame.messages, frame.from);
  writer.uintField(0x30, time);
  writer.uintField(0x28, frame.to);
  writer.uintField(0x20, frame.from);
  writer.uintField(0x18, frame.epoch);
  writer.uintField(0x10, frame.generation);
  writer.uintField(0x08, frame.number);
}

function writePage(writer: Writer, frame: PageFrame): void {
  if (frame.more) writer.uintField(0x40, 1);
  const time = writeMessages(writer, frame.messages, frame.from);
  writer.uintField(0x30, time);
  writer.uintField(0x28, frame.to);
  writer.uintField(0x20, frame.from);
  writer.uintField(0x18, frame.floor);
  writer.uintField(0x10, frame.epoch);
  writer.uintField(0x08, frame.id);
}

/** Field 7 of `Batch` and `Page`. Answers the time from which theirs are counted: that of the first message. */
function writeMessages(writer: Writer, messages: readonly Message[], from: number): number {
  const first = messages[0];
  if (first === undefined) return 0;
  for (let index = messages.length - 1; index >= 0; index--) {
    const message = messages[index]!;
    const before = writer.length;
    writer.stringField(0x2a, message.publisher);
    writer.stringField(0x22, message.key);
    if (message.payload !== undefined) writePayload(writer, 0x1a, message.payload);
    const later = message.time - first.time;
    writer.uintField(0x10, later < 0 ? -2 * later - 1 : 2 * later);
    writer.varint(message.offset - (index === 0 ? from : messages[index - 1]!.offset));
    writer.varint(0x08);
    writer.nested(0x3a, before);
  }
  return first.time;
}

function writePublished(writer: Writer, frame: PublishedFrame): void {
  writer.uintField(0x28, frame.following);
  if (frame.duplicate) writer.uintField(0x20, 1);
  if (frame.position !== undefined) {
    writer.uintField(0x18, frame.position.offset);
    writer.uintField(0x10, frame.position.epoch);
  }
  writer.uintField(0x08, frame.id);
}
