import type { HawserNode } from "../../node.ts";
import type { PolicyOf } from "../../policy/channel-options.ts";
import type { ApplicationPublisher } from "../../publish/application-publisher.ts";
import type { AppendedOnce } from "../../publish/append-once.ts";
import type { PlainAppend } from "../../publish/plain-append.ts";
import { ApiError, apiErrorOf, requestInvalid } from "../api-error.ts";
import type { ApiErrorBody } from "../api-error.ts";
import type { ApiKey } from "../api-keys.ts";
import { fieldsOf, textOf } from "../fields.ts";
import type { Fields } from "../fields.ts";
import { contentOf } from "../message-json.ts";
import type { Operation } from "../operation.ts";
import { checkCovers } from "./covers.ts";

export interface PublishingParts {
  readonly node: Pick<HawserNode, "append" | "appendOnce">;
  readonly publisher: Pick<ApplicationPublisher, "judge" | "judgeForUser">;
  readonly policyOf: PolicyOf;
  readonly maxBatch: number;
}

/** What became of one message. */
type PublishedJson = AppendedJson | { readonly error: ApiErrorBody };

interface AppendedJson {
  /** `null`: it is a duplicate of one whose place the log does not remember. */
  readonly position: AppendedOnce["position"] | null;
  readonly duplicate: boolean;
}

/** Judged, and ready to be appended. */
interface Ready {
  readonly append: PlainAppend;
  readonly producer: string | undefined;
}

const contentNames = ["json", "text", "bytes", "key", "publisher", "idempotencyKey"] as const;
const maxIdempotencyKeyBytes = 128;

/** The operations that append messages. */
export function publishing(parts: PublishingParts): readonly Operation[] {
  return [
    {
      name: "publish",
      method: "POST",
      path: "channels/{channel}/messages",
      scope: "publish",
      query: [],
      run: async ({ key, path: { channel = "" }, body }) => {
        checkCovers(key, channel);
        const fields = fieldsOf(body, contentNames, "The body");
        const append = await parts.publisher.judge(
          channel,
          contentOf(fields, "The body"),
          optionsOf(fields, "The body"),
        );
        return { status: 200, body: await appended(parts, readyOf(parts, append, fields, key, "The body")) };
      },
    },
    {
      name: "publishMany",
      method: "POST",
      path: "messages",
      scope: "publish",
      query: [],
      run: async ({ key, body, charge }) => {
        const messages = messagesOf(body, parts.maxBatch);
        charge(messages.length - 1);
        const ready = await judgeAll(parts, messages, key);
        return answerOf(await Promise.all(ready.map((one) => appendedOrError(parts, one))));
      },
    },
    {
      name: "sendToUser",
      method: "POST",
      path: "users/{user}/messages",
      scope: "send",
      query: [],
      run: async ({ key, path: { user = "" }, body }) => {
        const fields = fieldsOf(body, contentNames, "The body");
        const append = parts.publisher.judgeForUser(user, contentOf(fields, "The body"), optionsOf(fields, "The body"));
        return { status: 200, body: await appended(parts, readyOf(parts, append, fields, key, "The body")) };
      },
    },
  ];
}

function messagesOf(body: unknown, maxBatch: number): readonly unknown[] {
  const { messages } = fieldsOf(body, ["messages"], "The body");
  if (!Array.isArray(messages) || messages.length === 0)
    throw requestInvalid("messages must be a list that is not empty.");
  if (messages.length > maxBatch)
    throw requestInvalid(`messages has ${messages.length} messages; ${maxBatch} may be in one request.`);
  return messages;
}

/** All, before any is appended: where one cannot be published, none is. */
async function judgeAll(parts: PublishingParts, messages: readonly unknown[], key: ApiKey): Promise<Ready[]> {
  const ready: Ready[] = [];
  for (const [index, message] of messages.entries()) {
    const at = `messages[${index}]`;
    const fields = fieldsOf(message, ["channel", ...contentNames], at);
    const channel = textOf(fields, "channel", at) ?? "";
    try {
      checkCovers(key, channel);
      const append = await parts.publisher.judge(channel, contentOf(fields, at), optionsOf(fields, at));
      ready.push(readyOf(parts, append, fields, key, at));
    } catch (error) {
      throw namedAt(error, at);
    }
  }
  return ready;
}

function namedAt(error: unknown, at: string): unknown {
  const known = apiErrorOf(error);
  if (known === undefined || known.message.startsWith(at)) return error;
  const { code, message, retry, retryAfterMs } = known.body;
  return new ApiError(known.status, code, `${at}: ${message}`, retry, retryAfterMs);
}

function optionsOf(fields: Fields, at: string): { readonly key?: string; readonly publisher?: string } {
  const key = textOf(fields, "key", at);
  const publisher = textOf(fields, "publisher", at);
  return { ...(key === undefined ? {} : { key }), ...(publisher === undefined ? {} : { publisher }) };
}

function readyOf({ policyOf }: PublishingParts, append: PlainAppend, fields: Fields, key: ApiKey, at: string): Ready {
  const idempotencyKey = textOf(fields, "idempotencyKey", at);
  if (idempotencyKey === undefined) return { append, producer: undefined };
  if (idempotencyKey === "" || Buffer.byteLength(idempotencyKey) > maxIdempotencyKeyBytes)
    throw requestInvalid(`${at}.idempotencyKey must have 1 to ${maxIdempotencyKeyBytes} bytes.`);
  if (policyOf(append.channel).deduplicateMs === 0)
    throw requestInvalid(`${at} has an idempotencyKey, and ${append.channel} does not de-duplicate (deduplicateMs).`);
  // No producer of a client looks so: the first word of those has 24 characters.
  return { append, producer: `api ${key.name} ${idempotencyKey}` };
}

async function appended({ node }: PublishingParts, { append, producer }: Ready): Promise<AppendedJson> {
  if (producer === undefined) return { position: await node.append(append), duplicate: false };
  const { position, duplicate } = await node.appendOnce(append, producer);
  return { position: position ?? null, duplicate };
}

async function appendedOrError(parts: PublishingParts, ready: Ready): Promise<PublishedJson> {
  try {
    return await appended(parts, ready);
  } catch (error) {
    const known = apiErrorOf(error);
    if (known === undefined) throw error;
    return { error: known.body };
  }
}

/** Who looks at the status alone must not take for done what is not. */
function answerOf(results: readonly PublishedJson[]): { readonly status: number; readonly body: object } {
  const failed = results.find((result) => "error" in result);
  return failed === undefined
    ? { status: 200, body: { results } }
    : { status: 503, body: { error: failed.error, results } };
}
