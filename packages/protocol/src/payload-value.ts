import { HawserError } from "./errors.ts";
import type { Payload } from "./frames.ts";
import { maxJsonDepth } from "./json/scanner.ts";
import { isCarriable } from "./payload.ts";
import { decodeText, encodeText } from "./text.ts";

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
  if (payload.data.length > 2 * maxJsonDepth && !isCarriable(payload)) {
    throw new HawserError("payload-invalid", `The value is nested deeper than ${maxJsonDepth} levels.`);
  }
  return payload;
}

/** A payload as a value: `json` parsed, `text` as a string, `bytes` as they are. The data was checked when it came in. */
export function valueOf(payload: Payload): unknown {
  if (payload.kind === "bytes") return payload.data;
  const text = decodeText(payload.data);
  return payload.kind === "text" ? text : JSON.parse(text);
}
