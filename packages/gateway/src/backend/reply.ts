import type { BackendLimits } from "./backend-options.ts";

/** What a back end has for a socket's client. */
export type Reply =
  | { readonly kind: "message"; readonly data: Uint8Array; readonly text: boolean }
  | { readonly kind: "close"; readonly code: number; readonly reason: string };

/** What is wrong with something that a back end said. */
export class ReplyInvalid extends Error {}

type ReplyLimits = Pick<BackendLimits, "maxAnswerMessages">;

const maxReasonBytes = 123;

/**
 * Reads replies: a list of `{"text": "..."}`, `{"binary": "base64"}` and `{"close": {"code": 1000, "reason": ""}}`. Nothing follows a
 * close.
 *
 * @param at - What errors call the list.
 * @throws ReplyInvalid
 */
export function repliesOf(list: unknown, at: string, { maxAnswerMessages }: ReplyLimits): readonly Reply[] {
  if (!Array.isArray(list)) throw new ReplyInvalid(`${at} must be a list.`);
  if (list.length > maxAnswerMessages) throw new ReplyInvalid(`${at} has at most ${maxAnswerMessages} elements.`);
  const replies = list.map((one, index) => replyOf(one, `${at}[${index}]`));
  if (replies.slice(0, -1).some(({ kind }) => kind === "close"))
    throw new ReplyInvalid(`In ${at} something follows a close.`);
  return replies;
}

/** What the replies cost in memory while they wait. */
export function replyBytes(reply: Reply): number {
  return reply.kind === "message" ? reply.data.length + 64 : 64;
}

/** One reply. @throws ReplyInvalid */
function replyOf(value: unknown, at: string): Reply {
  if (typeof value !== "object" || value === null) throw new ReplyInvalid(`${at} must be a JSON object.`);
  const members = Object.entries(value);
  const [first] = members;
  if (members.length === 1 && first !== undefined) {
    const [name, content] = first;
    if (name === "text" && typeof content === "string")
      return { kind: "message", data: new TextEncoder().encode(content), text: true };
    if (name === "binary" && isBase64(content))
      return { kind: "message", data: new Uint8Array(Buffer.from(content, "base64")), text: false };
    if (name === "close") return closeOf(content, `${at}.close`);
  }
  throw new ReplyInvalid(`${at} must have exactly one of text, binary (base64) and close.`);
}

/** What says how a socket is to be closed. @throws ReplyInvalid */
export function closeOf(value: unknown, at: string): Reply & { readonly kind: "close" } {
  const {
    code = 1000,
    reason = "",
    ...rest
  } = (typeof value === "object" && value !== null ? value : { none: value }) as Record<string, unknown>;
  if (Object.keys(rest).length > 0)
    throw new ReplyInvalid(`${at} takes code and reason, both of which may be left out.`);
  if (typeof code !== "number" || !mayBeSent(code))
    throw new ReplyInvalid(`${at}.code must be 1000 to 1003, 1007 to 1014, or 3000 to 4999.`);
  if (typeof reason !== "string" || Buffer.byteLength(reason) > maxReasonBytes)
    throw new ReplyInvalid(`${at}.reason must be text of at most ${maxReasonBytes} bytes.`);
  return { kind: "close", code, reason };
}

/** RFC 6455, section 7.4: the codes that may stand in a close frame. */
function mayBeSent(code: number): boolean {
  if (!Number.isInteger(code)) return false;
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

function isBase64(value: unknown): value is string {
  return typeof value === "string" && value.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(value);
}
