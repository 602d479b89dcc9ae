import { checkInterval, checkMessages, checkReset } from "../frame-rules.ts";
import { defaultOf, frameTable } from "../frame-table.ts";
import type { FieldKind, FrameShape } from "../frame-table.ts";
import type { Frame } from "../frames.ts";
import type { PageFrame } from "../frames/history-frames.ts";
import type { PublishedFrame } from "../frames/publish-frames.ts";
import type { BatchFrame } from "../frames/subscription-frames.ts";
import type { Message, Payload } from "../message.ts";
import { malformed } from "../malformed.ts";
import type { Reader } from "./reader.ts";

/** Types of frames by their number in `spec/hawser.proto`. */
const typeOf: ReadonlyMap<number, Frame["type"]> = /* @__PURE__ */ new Map(
  /* @__PURE__ */ (Object.keys(frameTable) as Frame["type"][]).map((type) => [frameTable[type].number, type]),
);

/** Reads the fields of one frame whose type is known. */
export type ReadKnown = (reader: Reader, type: Frame["type"]) => Frame;

/** Reads one `Frame`, through the reader's end. Of several frames in it the last counts (WIRE-9). */
export function readFrame(reader: Reader, readKnown: ReadKnown): Frame {
  let frame: Frame | undefined;
  while (reader.more) {
    const tag = reader.tag();
    const type = (tag & 7) === 2 ? typeOf.get(tag >>> 3) : undefined;
    if (type === undefined) {
      reader.skip(tag);
      continue;
    }
    const outer = reader.enter();
    frame = readKnown(reader, type);
    reader.leave(outer);
  }
  return frame ?? malformed("has a type that is not known");
}

/** Reads a frame that is not read in `decode-client.ts`. */
export function readServerFrame(reader: Reader, type: Frame["type"]): Frame {
  switch (type) {
    case "batch":
    case "page":
      return readMessages(reader, type);
    case "published":
      return readPublished(reader);
    default:
      return readFields(reader, type, frameTable[type]);
  }
}

/** `Batch` and `Page` have the same fields but for what 1, 2, 3 and 8 mean. */
function readMessages(reader: Reader, type: "batch" | "page"): BatchFrame | PageFrame {
  let first = 0;
  let second = 0;
  let third = 0;
  let from = 0;
  let to = 0;
  let time = 0;
  let flag = false;
  const messages: Writable<Message>[] = [];
  while (reader.more) {
    const tag = reader.tag();
    switch (tag) {
      case 0x08:
        first = reader.uint();
        break;
      case 0x10:
        second = reader.uint();
        break;
      case 0x18:
        third = reader.uint();
        break;
      case 0x20:
        from = reader.uint();
        break;
      case 0x28:
        to = reader.uint();
        break;
      case 0x30:
        time = reader.uint();
        break;
      case 0x3a:
        messages.push(readMessage(reader));
        break;
      case 0x40:
        flag = reader.uint() !== 0;
        break;
      default:
        reader.skip(tag);
    }
  }
  place(messages, from, to, time);
  if (type === "page") return { type, id: first, epoch: second, floor: third, from, to, messages, more: flag };
  if (second > 0xffffffff) malformed("has a 32-bit integer above 2^32 - 1");
  return { type, number: first, generation: second, epoch: third, from, to, messages, conflated: flag };
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** One `Message`, its `offset` and `time` still relative: `place` makes them absolute when the whole batch is known. */
function readMessage(reader: Reader): Writable<Message> {
  let offset = 0;
  let time = 0;
  let payload: Payload | undefined;
  let key = "";
  let publisher = "";
  const outer = reader.enter();
  while (reader.more) {
    const tag = reader.tag();
    switch (tag) {
      case 0x08:
        offset = reader.uint();
        break;
      case 0x10:
        time = reader.sint();
        break;
      case 0x1a:
        payload = readPayload(reader);
        break;
      case 0x22:
        key = reader.string();
        break;
      case 0x2a:
        publisher = reader.string();
        break;
      default:
        reader.skip(tag);
    }
  }
  reader.leave(outer);
  return { offset, time, payload, key, publisher };
}

function place(messages: readonly Writable<Message>[], from: number, to: number, time: number): void {
  let offset = from;
  for (const message of messages) {
    offset += message.offset;
    message.offset = offset;
    message.time += time;
  }
  checkMessages(from, to, messages);
}

/** `undefined` for a `Payload` of no kind that is known. */
export function readPayload(reader: Reader): Payload | undefined {
  let payload: Payload | undefined;
  const outer = reader.enter();
  while (reader.more) {
    const tag = reader.tag();
    switch (tag) {
      case 0x0a:
        payload = { kind: "bytes", data: reader.data() };
        break;
      case 0x12:
        payload = reader.payload("text");
        break;
      case 0x1a:
        payload = reader.payload("json");
        break;
      default:
        reader.skip(tag);
    }
  }
  reader.leave(outer);
  return payload;
}

function readPublished(reader: Reader): PublishedFrame {
  let id = 0;
  let epoch = 0;
  let offset = 0;
  let duplicate = false;
  let following = 0;
  while (reader.more) {
    const tag = reader.tag();
    switch (tag) {
      case 0x08:
        id = reader.uint();
        break;
      case 0x10:
        epoch = reader.uint();
        break;
      case 0x18:
        offset = reader.uint();
        break;
      case 0x20:
        duplicate = reader.uint() !== 0;
        break;
      case 0x28:
        following = reader.uint();
        break;
      default:
        reader.skip(tag);
    }
  }
  return { type: "published", id, position: epoch === 0 ? undefined : { epoch, offset }, duplicate, following };
}

/** The frames that are not hot, by the table. A field of another wire type than its own is one that is not known. */
function readFields(reader: Reader, type: Frame["type"], shape: FrameShape): Frame {
  const names = Object.keys(shape.fields);
  const frame: Record<string, unknown> = { type };
  for (const name of names) frame[name] = defaultOf(shape.fields[name]!);
  while (reader.more) {
    const tag = reader.tag();
    const name = names[(tag >>> 3) - 1];
    const kind = name === undefined ? undefined : shape.fields[name]!;
    if (name === undefined || kind === undefined || (tag & 7) !== wireTypeOf(kind)) reader.skip(tag);
    else if (kind === "strings") (frame[name] as string[]).push(reader.string());
    else frame[name] = readField(reader, kind);
  }
  for (const name of names) {
    if (shape.fields[name] === "payload" && frame[name] === undefined) malformed("lacks its payload");
  }
  return frame as unknown as Frame;
}

function wireTypeOf(kind: FieldKind): number {
  return kind === "uint" || kind === "uint32" || kind === "bool" ? 0 : 2;
}

function readField(reader: Reader, kind: FieldKind): unknown {
  switch (kind) {
    case "uint":
      return reader.uint();
    case "uint32":
      return reader.uint32();
    case "bool":
      return reader.uint() !== 0;
    case "reset":
      return checkReset(reader.string());
    case "bytes":
      return reader.data();
    case "payload":
      return readPayload(reader);
    case "position": {
      const [epoch, offset] = readPair(reader);
      return { epoch, offset };
    }
    case "interval":
      return checkInterval(...readPair(reader));
    default:
      return reader.string();
  }
}

function readPair(reader: Reader): [number, number] {
  let first = 0;
  let second = 0;
  const outer = reader.enter();
  while (reader.more) {
    const tag = reader.tag();
    if (tag === 0x08) first = reader.uint();
    else if (tag === 0x10) second = reader.uint();
    else reader.skip(tag);
  }
  reader.leave(outer);
  return [first, second];
}
