import { HawserError } from "./errors.ts";
import type { Payload } from "./message.ts";
import { maxJsonDepth } from "./json/scanner.ts";
import { decodeText, encodeText } from "./text.ts";

const quote = 0x22;
const backslash = 0x5c;
/** Braces; brackets are 0x20 below them. */
const openBrace = 0x7b;
const closeBrace = 0x7d;

/**
 * A value as a payload: a `Uint8Array` as `bytes`, everything else as `json`.
 *
 * @throws HawserError `payload-invalid` for what JSON cannot say (`undefined`, a function, a cycle, a BigInt), and for
 * what is nested deeper than `maxJsonDepth`: no decoder takes it (WIRE-6), so that it would end every connection it meets.
 */
export function payloadOf(value: unknown): Payload {
  if (value instanceof Uint8Array) return { kind: "bytes", data: value };
  let json: string | undefined;
  try {
    json = JSON.stringify(value);
  } catch (cause) {
    throw new HawserError("payload-invalid", "The value cannot be written as JSON: it has a cycle or a BigInt.", {
      cause,
    });
  }
  if (json === undefined) {
    throw new HawserError("payload-invalid", `JSON cannot say ${typeof value}. Send null, or leave the message out.`);
  }
  const payload: Payload = { kind: "json", data: encodeText(json) };
  // A level takes two bytes at least, so that the usual payload need not be looked through.
  if (payload.data.length > 2 * maxJsonDepth && isTooDeep(payload.data)) {
    throw new HawserError("payload-invalid", `The value is nested deeper than ${maxJsonDepth} levels.`);
  }
  return payload;
}

/**
 * A payload as a value: `json` parsed, `text` as a string, `bytes` as they are.
 *
 * @throws HawserError `payload-invalid` for `json` that is none, when nobody has proved it before.
 */
export function valueOf(payload: Payload): unknown {
  if (payload.kind === "bytes") return payload.data;
  const text = decodeText(payload.data);
  return payload.kind === "text" ? text : parseJson(text);
}

/**
 * The value of a `json` payload whose text is at hand.
 *
 * @throws HawserError `payload-invalid` for what is no JSON.
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new HawserError("payload-invalid", "The payload is not JSON.", { cause });
  }
}

/** Whether JSON, which it is known to be, is nested deeper than `maxJsonDepth`: counts brackets outside strings. */
function isTooDeep(json: Uint8Array): boolean {
  let depth = 0;
  let isString = false;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at]!;
    if (byte === backslash) at++;
    else if (byte === quote) isString = !isString;
    else if (isString) continue;
    else if ((byte | 0x20) === openBrace && ++depth > maxJsonDepth) return true;
    else if ((byte | 0x20) === closeBrace) depth--;
  }
  return false;
}
