import type { Entry } from "@hawser/log";
import { encodeText, isCarriable, payloadOf, valueOf } from "@hawser/protocol";
import type { Payload, Position } from "@hawser/protocol";
import type { GivenMessage } from "../publish/application-publisher.ts";
import { requestInvalid } from "./api-error.ts";

/** What a message says, in one of the three ways that it can: a JSON value, text, or bytes in Base64. */
export type ContentJson =
  | { readonly json: unknown }
  | { readonly text: string }
  | { readonly bytes: string }
  /** The log has it, and no client could be given it. */
  | { readonly hole: true };

/** A message of a channel's history. */
export type MessageJson = ContentJson & {
  readonly offset: number;
  /** When the log took it: milliseconds since 1970. */
  readonly time: number;
  /** Conflation key; empty for none. */
  readonly key: string;
  /** The user who published it; empty for the application. */
  readonly publisher: string;
};

/**
 * Reads what a message to be published says.
 *
 * @param at what errors call it.
 * @throws ApiError `request-invalid`.
 */
export function contentOf(message: Readonly<Record<string, unknown>>, at: string): GivenMessage {
  const given = ["json", "text", "bytes"].filter((name) => message[name] !== undefined);
  if (given.length !== 1) throw requestInvalid(`${at} must have one of json, text and bytes.`);
  const { json, text, bytes } = message;
  if (json !== undefined) return { payload: payloadOf(json), value: json };
  if (text !== undefined) {
    if (typeof text !== "string") throw requestInvalid(`${at}.text must be text.`);
    return { payload: { kind: "text", data: encodeText(text) }, value: text };
  }
  const data = typeof bytes === "string" ? Buffer.from(bytes, "base64") : undefined;
  if (data === undefined || data.toString("base64") !== bytes)
    throw requestInvalid(`${at}.bytes must be Base64 (RFC 4648, section 4, with padding).`);
  return { payload: { kind: "bytes", data }, value: data };
}

/** A message of the log as the API shows it. */
export function messageJson({ offset, time, key, publisher, payload }: Entry): MessageJson {
  return { offset, time, key, publisher, ...contentJson(payload) };
}

/** `EPOCH:OFFSET`, as parameters carry it. */
export function positionText({ epoch, offset }: Position): string {
  return `${epoch}:${offset}`;
}

/** @throws ApiError `request-invalid`. */
export function positionOf(text: string): Position {
  const [, epoch, offset] = /^(\d{1,16}):(\d{1,16})$/.exec(text) ?? [];
  const position = { epoch: Number(epoch), offset: Number(offset) };
  if (Number.isSafeInteger(position.epoch) && Number.isSafeInteger(position.offset)) return position;
  throw requestInvalid("position must be EPOCH:OFFSET, as next of another page says it.");
}

function contentJson(payload: Payload | undefined): ContentJson {
  // What another program has put into the log may be none of what it says it is.
  if (payload === undefined || !isCarriable(payload)) return { hole: true };
  if (payload.kind === "bytes") return { bytes: Buffer.from(payload.data).toString("base64") };
  return payload.kind === "text" ? { text: valueOf(payload) as string } : { json: valueOf(payload) };
}
