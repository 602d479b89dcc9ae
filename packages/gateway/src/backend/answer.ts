import type { BackendLimits } from "./backend-options.ts";
import { repliesOf, ReplyInvalid } from "./reply.ts";
import type { Reply } from "./reply.ts";

/** What a back end answered an event with. */
export interface BackendAnswer {
  readonly replies: readonly Reply[];
  /** From now on told with each event of the socket; `undefined`: as it was. */
  readonly state: unknown;
  /** The subprotocol that it chose, in the answer to a connect event. */
  readonly protocol: string | undefined;
}

const nothing: BackendAnswer = { replies: [], state: undefined, protocol: undefined };

/**
 * Reads the body of an answer by its media type: `application/json` (an object with `messages`, `state` and `protocol`, or the list
 * of messages alone), `application/x-ndjson` (a message on each line), `text/plain` and `application/octet-stream` (one message).
 * No body says nothing.
 *
 * @throws ReplyInvalid
 */
export function answerOf(contentType: string, body: Uint8Array, limits: BackendLimits): BackendAnswer {
  if (body.length === 0) return nothing;
  const type = (contentType.split(";", 1)[0] ?? "").trim().toLowerCase();
  switch (type) {
    case "application/json":
      return jsonAnswer(parsed(textOf(body), "The answer"), limits);
    case "application/x-ndjson":
    case "application/jsonl":
      return { ...nothing, replies: repliesOf(linesOf(textOf(body)), "lines", limits) };
    case "text/plain":
      textOf(body);
      return { ...nothing, replies: [{ kind: "message", data: body, text: true }] };
    case "application/octet-stream":
      return { ...nothing, replies: [{ kind: "message", data: body, text: false }] };
    default:
      throw new ReplyInvalid(
        `An answer is application/json, application/x-ndjson, text/plain or application/octet-stream, not ${JSON.stringify(type.slice(0, 64))}.`,
      );
  }
}

function jsonAnswer(value: unknown, limits: BackendLimits): BackendAnswer {
  if (Array.isArray(value)) return { ...nothing, replies: repliesOf(value, "answer", limits) };
  if (typeof value !== "object" || value === null) throw new ReplyInvalid("The answer must be a JSON object or list.");
  const { messages = [], state, protocol, ...rest } = value as Record<string, unknown>;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined)
    throw new ReplyInvalid(
      `The answer has a member ${JSON.stringify(unknown.slice(0, 64))}; known are messages, state, protocol.`,
    );
  if (protocol !== undefined && typeof protocol !== "string") throw new ReplyInvalid("answer.protocol must be text.");
  if (state !== undefined && Buffer.byteLength(JSON.stringify(state)) > limits.maxStateBytes)
    throw new ReplyInvalid(`answer.state has at most ${limits.maxStateBytes} bytes as JSON.`);
  return { replies: repliesOf(messages, "answer.messages", limits), state, protocol };
}

function linesOf(text: string): readonly unknown[] {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line, index) => parsed(line, `Line ${index + 1}`));
}

function textOf(body: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    throw new ReplyInvalid("The answer is not UTF-8.");
  }
}

function parsed(text: string, what: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new ReplyInvalid(`${what} is not JSON.`);
  }
}
