import { defaultOf, frameTable } from "../frame-table.ts";
import type { FieldKind } from "../frame-table.ts";
import type { Frame } from "../frames.ts";
import type { Interval, Message, Payload, Position } from "../message.ts";
import { assert } from "../errors.ts";
import { decodeText } from "../text.ts";
import { encodeBase64 } from "./base64.ts";

/** One line of JSON, without its end. Members with their default are left out. */
export function frameText(frame: Frame): string {
  const fields: Readonly<Record<string, FieldKind>> = frameTable[frame.type].fields;
  const values = frame as unknown as Readonly<Record<string, unknown>>;
  let text = `{"type":"${frame.type}"`;
  for (const name of Object.keys(fields)) text += member(name, fields[name]!, values[name]);
  return `${text}}`;
}

/** The default of a member in JSON: that of its field, but that a person's first generation is 1. */
export function memberDefault(name: string, kind: FieldKind): unknown {
  return name === "generation" ? 1 : defaultOf(kind);
}

function member(name: string, kind: FieldKind, value: unknown): string {
  switch (kind) {
    case "payload":
      return payloadMember(value as Payload);
    case "messages":
    case "strings": {
      const list = value as readonly (Message | string)[];
      const elements = list.map((one) => (typeof one === "string" ? quoted(one) : messageText(one)));
      return list.length === 0 ? "" : `,"${name}":[${elements.join()}]`;
    }
    case "bytes":
      return (value as Uint8Array).length === 0 ? "" : `,"${name}":"${encodeBase64(value as Uint8Array)}"`;
    case "position": {
      if (value === undefined) return "";
      const { epoch, offset } = value as Position;
      return `,"${name}":{"epoch":${integer(epoch)},"offset":${integer(offset)}}`;
    }
    case "interval": {
      if (value === undefined) return "";
      const { from, to } = value as Interval;
      return `,"${name}":{"from":${integer(from)},"to":${integer(to)}}`;
    }
    default:
      if (value === memberDefault(name, kind)) return "";
      if (typeof value === "string") return `,"${name}":${quoted(value)}`;
      return `,"${name}":${value === true ? "true" : integer(value as number)}`;
  }
}

function messageText(message: Message): string {
  let text = `{"offset":${integer(message.offset)},"time":${integer(message.time)}`;
  if (message.payload !== undefined) text += payloadMember(message.payload);
  if (message.key !== "") text += `,"key":${quoted(message.key)}`;
  if (message.publisher !== "") text += `,"publisher":${quoted(message.publisher)}`;
  return `${text}}`;
}

function payloadMember({ kind, data }: Payload): string {
  switch (kind) {
    case "bytes":
      return `,"bytes":"${encodeBase64(data)}"`;
    case "text":
      return `,"text":${quoted(decodeText(data))}`;
    case "json":
      // As it is; a line break, which can stand only outside of strings, would end the frame (WIRE-7).
      return `,"json":${decodeText(data).replace(/[\r\n]/g, " ")}`;
  }
}

function integer(value: number): string {
  assert(Number.isSafeInteger(value) && value >= 0, `${value} is not an integer from 0 to 2^53 - 1`);
  return `${value}`;
}

/** A string of JSON. A lone surrogate, which UTF-8 cannot carry, becomes U+FFFD, as it does in protobuf. */
function quoted(text: string): string {
  return JSON.stringify(text.replace(/\p{Surrogate}/gu, "\ufffd"));
}
