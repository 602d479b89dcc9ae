import { fileURLToPath } from "node:url";
import protobuf from "protobufjs";
import type { Frame, Message, Payload } from "@hawser/protocol";

/** `spec/hawser.proto` as protobufjs, an implementation that shares nothing with ours, reads it. */
export const frameType: protobuf.Type = protobuf
  .loadSync(fileURLToPath(new URL("../../../../spec/hawser.proto", import.meta.url)))
  .lookupType("hawser.v1.Frame");

/** The bytes that protobufjs gives a frame, with their length ahead. */
export function encodeIndependently(frame: Frame): Uint8Array {
  const message = frameType.fromObject({ [memberOf(frame.type)]: protobufObject(frame) });
  return new Uint8Array(frameType.encodeDelimited(message).finish());
}

/** The member of `Frame` that a type of frame is in: `socketData` for `socket-data`. */
export function memberOf(type: string): string {
  return type.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

/** What protobufjs reads in bytes with their length ahead, without what has its default. */
export function decodeIndependently(bytes: Uint8Array): unknown {
  return frameType.toObject(frameType.decodeDelimited(bytes), { longs: Number });
}

/** What `decodeIndependently` should say of a frame. */
export function independentObject(frame: Frame): unknown {
  return frameType.toObject(frameType.decodeDelimited(encodeIndependently(frame)), { longs: Number });
}

/** A frame in the terms of the .proto file: steps and times that are relative, payloads as a oneof. */
function protobufObject(frame: Frame): Record<string, unknown> {
  const { type: _, ...fields } = frame;
  if (frame.type === "batch" || frame.type === "page") {
    return withoutDefaults({
      ...fields,
      time: frame.messages[0]?.time ?? 0,
      messages: frame.messages.map((message, index) => {
        const { offset, time, payload, ...rest } = message;
        const step = offset - (frame.messages[index - 1]?.offset ?? frame.from);
        const later = time - (frame.messages[0] as Message).time;
        return withoutDefaults({ ...rest, step, later, payload: payload && payloadObject(payload) });
      }),
    });
  }
  if (frame.type === "published") {
    const { position, type: __, ...rest } = frame;
    return withoutDefaults({ ...rest, ...position });
  }
  return withoutDefaults(fields);
}

function withoutDefaults(object: Record<string, unknown>): Record<string, unknown> {
  const given = Object.entries(object).filter(
    ([, value]) =>
      value !== undefined &&
      value !== 0 &&
      value !== "" &&
      value !== false &&
      !(value instanceof Uint8Array && value.length === 0) &&
      !(Array.isArray(value) && value.length === 0),
  );
  return Object.fromEntries(
    given.map(([name, value]) => {
      if (isPayload(value)) return [name, payloadObject(value)];
      if (isPair(value)) return [name, withoutDefaults(value)];
      return [name, value];
    }),
  );
}

function isPayload(value: unknown): value is Payload {
  return typeof value === "object" && value !== null && "kind" in value && "data" in value;
}

function isPair(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && ("epoch" in value || "to" in value);
}

function payloadObject({ kind, data }: Payload): Record<string, unknown> {
  return { [kind]: kind === "bytes" ? data : new TextDecoder("utf-8", { ignoreBOM: true }).decode(data) };
}
