import { frameTable } from "../frame-table.ts";
import type { FieldKind } from "../frame-table.ts";
import type {
  BatchFrame,
  Frame,
  Interval,
  Message,
  PageFrame,
  Payload,
  Position,
  PublishedFrame,
  PublishFrame,
} from "../frames.ts";
import type { Writer } from "./writer.ts";

/** Writes a frame with its length ahead. All is written from the last field to the first: see `Writer`. */
export function writeFrame(writer: Writer, frame: Frame): void {
  switch (frame.type) {
    case "batch":
      writeBatch(writer, frame);
      break;
    case "page":
      writePage(writer, frame);
      break;
    case "publish":
      writePublish(writer, frame);
      break;
    case "published":
      writePublished(writer, frame);
      break;
    default:
      writeFields(writer, frameTable[frame.type].fields, frame as unknown as Readonly<Record<string, unknown>>);
  }
  writer.nested((frameTable[frame.type].number << 3) | 2, 0);
  writer.varint(writer.length);
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

const payloadTags = { bytes: 0x0a, text: 0x12, json: 0x1a } as const;

function writePayload(writer: Writer, tag: number, payload: Payload): void {
  const before = writer.length;
  writer.bytesField(payloadTags[payload.kind], payload.data);
  writer.nested(tag, before);
}

function writePublish(writer: Writer, frame: PublishFrame): void {
  writer.stringField(0x3a, frame.key);
  writePayload(writer, 0x32, frame.payload);
  writer.uintField(0x28, frame.previous);
  writer.uintField(0x20, frame.sequence);
  if (frame.producer.length > 0) writer.bytesField(0x1a, frame.producer);
  writer.stringField(0x12, frame.channel);
  writer.uintField(0x08, frame.id);
}

function writePublished(writer: Writer, frame: PublishedFrame): void {
  if (frame.duplicate) writer.uintField(0x20, 1);
  if (frame.position !== undefined) {
    writer.uintField(0x18, frame.position.offset);
    writer.uintField(0x10, frame.position.epoch);
  }
  writer.uintField(0x08, frame.id);
}

/** The frames that are not hot, by the table: the field with index i has the number i + 1. */
function writeFields(
  writer: Writer,
  fields: Readonly<Record<string, FieldKind>>,
  frame: Readonly<Record<string, unknown>>,
): void {
  const names = Object.keys(fields);
  for (let index = names.length - 1; index >= 0; index--) {
    const name = names[index]!;
    writeField(writer, (index + 1) << 3, fields[name]!, frame[name]);
  }
}

/** `tag` is that of a varint; the kinds that travel behind a length add 2. */
function writeField(writer: Writer, tag: number, kind: FieldKind, value: unknown): void {
  switch (kind) {
    case "uint":
    case "uint32":
      return writer.uintField(tag, value as number);
    case "bool":
      return writer.uintField(tag, value === true ? 1 : 0);
    case "string":
    case "reset":
      return writer.stringField(tag | 2, value as string);
    case "strings":
      for (const text of (value as readonly string[]).toReversed()) writer.string(tag | 2, text);
      return;
    case "bytes":
      if ((value as Uint8Array).length > 0) writer.bytesField(tag | 2, value as Uint8Array);
      return;
    case "payload":
      return writePayload(writer, tag | 2, value as Payload);
    case "position": {
      if (value === undefined) return;
      const { epoch, offset } = value as Position;
      return writePair(writer, tag | 2, epoch, offset);
    }
    case "interval": {
      if (value === undefined) return;
      const { from, to } = value as Interval;
      return writePair(writer, tag | 2, from, to);
    }
    case "messages":
      return; // Batch and Page, by hand.
  }
}

function writePair(writer: Writer, tag: number, first: number, second: number): void {
  const before = writer.length;
  writer.uintField(0x10, second);
  writer.uintField(0x08, first);
  writer.nested(tag, before);
}
