import { frameTable } from "../frame-table.ts";
import type { FieldKind } from "../frame-table.ts";
import type { Frame } from "../frames.ts";
import type { PublishFrame } from "../frames/publish-frames.ts";
import type { Interval, Payload, Position } from "../message.ts";
import type { Writer } from "./writer.ts";

/** Writes a frame that is not written in `encode-server.ts`, with its length ahead: see `writeLengths`. */
export function writeFrame(writer: Writer, frame: Frame): void {
  if (frame.type === "publish") writePublish(writer, frame);
  else writeFields(writer, frameTable[frame.type].fields, frame as unknown as Readonly<Record<string, unknown>>);
  writeLengths(writer, frame.type);
}

/** Puts what a frame is ahead of its fields. All is written from the last to the first: see `Writer`. */
export function writeLengths(writer: Writer, type: Frame["type"]): void {
  writer.nested((frameTable[type].number << 3) | 2, 0);
  writer.varint(writer.length);
}

const payloadTags = { bytes: 0x0a, text: 0x12, json: 0x1a } as const;

/** A field with a payload. */
export function writePayload(writer: Writer, tag: number, payload: Payload): void {
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
      return; // Batch and Page, in encode-server.ts.
  }
}

function writePair(writer: Writer, tag: number, first: number, second: number): void {
  const before = writer.length;
  writer.uintField(0x10, second);
  writer.uintField(0x08, first);
  writer.nested(tag, before);
}
