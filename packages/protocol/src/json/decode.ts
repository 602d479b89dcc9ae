import { checkInterval, checkMessages, checkPublish, checkReset } from "../frame-rules.ts";
import { frameTable } from "../frame-table.ts";
import type { FieldKind, FrameShape } from "../frame-table.ts";
import type { Frame } from "../frames.ts";
import type { PublishFrame } from "../frames/publish-frames.ts";
import type { Message, Payload } from "../message.ts";
import { malformed } from "../malformed.ts";
import { checkPayload } from "../payload.ts";
import { decodeText, encodeText } from "../text.ts";
import { decodeBase64 } from "./base64.ts";
import { memberDefault } from "./encode.ts";
import { maxJsonDepth, scanArray, scanObject, skipSpace, skipValue } from "./scanner.ts";

/** `json` of a message lies in an object in an array. */
const maxFrameDepth = maxJsonDepth + 2;

/** Reads one line, which is UTF-8 and starts with neither white space nor its end. */
export function readFrame(line: Uint8Array): Frame {
  let type = "";
  const end = scanObject(line, 0, (nameStart, nameEnd, start) => {
    const valueEnd = skipValue(line, start, maxFrameDepth);
    if (stringAt(line, nameStart, nameEnd) === "type") type = stringAt(line, start, valueEnd);
    return valueEnd;
  });
  if (skipSpace(line, end) !== line.length) malformed("has something behind its JSON object");
  if (!Object.hasOwn(frameTable, type)) malformed("has a type that is not known");
  return readFields(line, type as Frame["type"], frameTable[type as Frame["type"]]);
}

function readFields(line: Uint8Array, type: Frame["type"], shape: FrameShape): Frame {
  const frame: Record<string, unknown> = { type };
  let carries = false;
  for (const name of Object.keys(shape.fields)) {
    const kind = shape.fields[name]!;
    if (kind === "payload") carries = true;
    frame[name] = memberDefault(name, kind);
  }
  scanObject(line, 0, (nameStart, nameEnd, start) => {
    const end = skipValue(line, start, maxFrameDepth);
    const name = stringAt(line, nameStart, nameEnd);
    if (carries && isPayloadKind(name)) frame["payload"] = payloadAt(line, name, start, end);
    else if (Object.hasOwn(shape.fields, name) && shape.fields[name] !== "payload") {
      frame[name] = valueAt(line, shape.fields[name]!, start, end);
    }
    return end;
  });
  if (carries && frame["payload"] === undefined) malformed("lacks its payload");
  if (type === "publish") checkPublish(frame as unknown as PublishFrame);
  if (Object.hasOwn(frame, "messages")) {
    checkMessages(frame["from"] as number, frame["to"] as number, frame["messages"] as readonly Message[]);
  }
  return frame as unknown as Frame;
}

function isPayloadKind(name: string): name is Payload["kind"] {
  return name === "bytes" || name === "text" || name === "json";
}

/** The payload in the value from `start` to `end`; `json` shares the line's bytes. */
function payloadAt(line: Uint8Array, kind: Payload["kind"], start: number, end: number): Payload {
  if (kind === "json") return checkPayload(kind, line.subarray(start, end));
  const text = stringAt(line, start, end);
  return { kind, data: kind === "text" ? encodeText(text) : decodeBase64(text) };
}

function valueAt(line: Uint8Array, kind: FieldKind, start: number, end: number): unknown {
  switch (kind) {
    case "uint":
      return integerAt(line, start, end, Number.MAX_SAFE_INTEGER);
    case "uint32":
      return integerAt(line, start, end, 0xffffffff);
    case "bool":
      if (line[start] !== 0x74 && line[start] !== 0x66) malformed("has a member that is not true or false");
      return line[start] === 0x74;
    case "reset":
      return checkReset(stringAt(line, start, end));
    case "bytes":
      return decodeBase64(stringAt(line, start, end));
    case "position": {
      const [epoch, offset] = pairAt(line, start, "epoch", "offset");
      return { epoch, offset };
    }
    case "interval":
      return checkInterval(...pairAt(line, start, "from", "to"));
    case "strings": {
      const strings: string[] = [];
      scanArray(line, start, (at) => {
        const behind = skipValue(line, at);
        strings.push(stringAt(line, at, behind));
        return behind;
      });
      return strings;
    }
    case "messages":
      return messagesAt(line, start);
    default:
      return stringAt(line, start, end);
  }
}

function messagesAt(line: Uint8Array, start: number): Message[] {
  const messages: Message[] = [];
  scanArray(line, start, (at) => {
    let offset = 0;
    let time = 0;
    let payload: Payload | undefined;
    let key = "";
    let publisher = "";
    const behind = scanObject(line, at, (nameStart, nameEnd, valueStart) => {
      const end = skipValue(line, valueStart);
      const name = stringAt(line, nameStart, nameEnd);
      if (name === "offset") offset = integerAt(line, valueStart, end, Number.MAX_SAFE_INTEGER);
      else if (name === "time") time = integerAt(line, valueStart, end, Number.MAX_SAFE_INTEGER);
      else if (name === "key") key = stringAt(line, valueStart, end);
      else if (name === "publisher") publisher = stringAt(line, valueStart, end);
      else if (isPayloadKind(name)) payload = payloadAt(line, name, valueStart, end);
      return end;
    });
    messages.push({ offset, time, payload, key, publisher });
    return behind;
  });
  return messages;
}

/** Two integers of an object, such as a position; 0 for one that is left out. */
function pairAt(line: Uint8Array, start: number, first: string, second: string): [number, number] {
  const pair: [number, number] = [0, 0];
  scanObject(line, start, (nameStart, nameEnd, valueStart) => {
    const end = skipValue(line, valueStart);
    const name = stringAt(line, nameStart, nameEnd);
    if (name === first) pair[0] = integerAt(line, valueStart, end, Number.MAX_SAFE_INTEGER);
    if (name === second) pair[1] = integerAt(line, valueStart, end, Number.MAX_SAFE_INTEGER);
    return end;
  });
  return pair;
}

/** The integer in a span that `skipValue` has proved to be a value. `1e3` and `1.0` are integers. */
function integerAt(line: Uint8Array, start: number, end: number, max: number): number {
  const value = end - start > 32 ? Number.NaN : Number(decodeText(line.subarray(start, end)));
  const digit = line[start]!;
  if (digit < 0x30 || digit > 0x39 || !Number.isInteger(value) || value > max) {
    malformed(`has a member that is not an integer from 0 to ${max}`);
  }
  return value;
}

/** The string in a span that is a string of JSON with its quotes, or else some other value. */
function stringAt(line: Uint8Array, start: number, end: number): string {
  if (line[start] !== 0x22) malformed("has a member that is not a string");
  const inner = decodeText(line.subarray(start + 1, end - 1));
  if (!inner.includes("\\")) return inner;
  const text = JSON.parse(`"${inner}"`) as string;
  if (/\p{Surrogate}/u.test(text)) malformed("has a string with a lone surrogate");
  return text;
}
