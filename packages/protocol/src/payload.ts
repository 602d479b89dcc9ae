import type { Payload } from "./message.ts";
import { checkJson } from "./json/scanner.ts";
import { malformed } from "./malformed.ts";
import { isUtf8 } from "./text.ts";

/** What a message costs a subscriber's credit besides its payload's bytes (SUB-10). */
export const messageOverheadBytes = 32;

/** The cost of a message (SUB-10): the length of its payload's data, plus 32. A hole costs 32. */
export function messageCost(payload: Payload | undefined): number {
  return messageOverheadBytes + (payload === undefined ? 0 : payload.data.length);
}

/**
 * Whether both codecs can carry the payload (WIRE-6): `text` is UTF-8, `json` is UTF-8 and one JSON text. What a log
 * holds and a codec cannot carry goes out as a hole.
 */
export function isCarriable(payload: Payload): boolean {
  try {
    checkPayload(payload.kind, payload.data);
    return true;
  } catch {
    return false;
  }
}

/**
 * The payload that a frame carries, with its data as it is: not copied, unless JSON has a line break outside strings,
 * which becomes a space (WIRE-7).
 *
 * @throws HawserError `frame-malformed` by WIRE-6.
 */
export function checkPayload(kind: Payload["kind"], data: Uint8Array): Payload {
  if (kind === "bytes") return { kind, data };
  // One pass finds what most payloads have not: anything but ASCII, and line breaks.
  let bits = 0;
  let breaks = false;
  for (let at = 0; at < data.length; at++) {
    const byte = data[at]!;
    bits |= byte;
    if (byte <= 0x0d && isLineBreak(byte)) breaks = true;
  }
  if (bits > 0x7f && !isUtf8(data)) malformed(`has a ${kind} payload that is not UTF-8`);
  if (kind === "text") return { kind, data };
  checkJson(data);
  // Inside of strings there are none, since they are escaped there.
  return { kind, data: breaks ? data.map((byte) => (isLineBreak(byte) ? 0x20 : byte)) : data };
}

function isLineBreak(byte: number): boolean {
  return byte === 0x0a || byte === 0x0d;
}
