import { HawserError, valueOf } from "@hawser/protocol";
import type { Message, Position } from "@hawser/protocol";
import { Channel } from "../channel/channel.ts";
import { planOf } from "../channel/placement.ts";
import { isPosition } from "../channel/start.ts";
import type { Check, ReceivedMessage } from "../channel/subscription.ts";

/** Which page of a channel's history is asked for. Without `before` and `after`: the newest. */
export interface HistoryOptions {
  /** The newest messages up to and with this position. Without `before` and `after`: up to the end. */
  readonly before?: Position;
  /** The oldest messages behind this position; `{ epoch: 0, offset: 0 }`: from the oldest on. */
  readonly after?: Position;
  /** Messages at most. Default and maximum are the server's (100 and 1,000). */
  readonly limit?: number;
  readonly signal?: AbortSignal;
  /** Default 30,000. */
  readonly timeoutMs?: number;
  /** Over which of the session's connections it comes: one that was opened for this lane. Default that of the channel. */
  readonly lane?: string;
}

/** A page of a channel's log: all messages of `(from, to]` that the log still has, oldest first. */
export interface HistoryPage<Data = unknown> {
  readonly messages: readonly ReceivedMessage<Data>[];
  readonly epoch: number;
  readonly from: number;
  readonly to: number;
  /** At or below it messages may be gone. */
  readonly floor: number;
  /** There is more in this direction: ask again with `before: { epoch, offset: from }`, or `after: { epoch, offset: to }`. */
  readonly more: boolean;
}

const defaultTimeoutMs = 30_000;
/** The frame's field holds no more; a server takes less anyway (HIS-4). */
const maxLimit = 2 ** 32 - 1;

/**
 * Reads a page of a channel's log: the newest messages, or those before or after a position. Messages that the schema
 * refuses, or that cannot be carried, are left out.
 *
 * @example
 * const page = await readHistory(client.channel("chat.general"), { limit: 20 });
 */
export async function readHistory<Data>(
  channel: Channel<Data, never>,
  options: HistoryOptions = {},
): Promise<HistoryPage<Data>> {
  const { name, asks, check, placement } = Channel.contextOf(channel);
  const { before, after, limit = 0, signal, timeoutMs = defaultTimeoutMs, lane = planOf(placement).lane } = options;
  if (before !== undefined && after !== undefined)
    throw new HawserError("option-invalid", "Give `before` or `after`, not both");
  const position = before ?? after;
  if (position !== undefined && !isPosition(position))
    throw new HawserError("option-invalid", "The position is not { epoch, offset }");
  if (!Number.isSafeInteger(limit) || limit < 0)
    throw new HawserError("option-invalid", "`limit` is a whole number, 0 for the server's default");
  const answer = await asks.ask({
    what: `the history of "${name}"`,
    build: (id) => ({
      type: "history",
      id,
      channel: name,
      position: position && { epoch: position.epoch, offset: position.offset },
      backward: after === undefined,
      limit: Math.min(limit, maxLimit),
    }),
    repeatable: true,
    cancellable: false,
    timeoutMs,
    signal,
    lane,
  });
  if (answer.type !== "page") throw new HawserError("frame-unexpected", answer.type);
  const { epoch, from, to, floor, more } = answer;
  const messages: ReceivedMessage<Data>[] = [];
  for (const message of answer.messages) {
    const received = await receivedOf<Data>(message, name, epoch, check);
    if (received !== undefined) messages.push(received);
  }
  return { messages, epoch, from, to, floor, more };
}

async function receivedOf<Data>(
  { payload, offset, time, publisher, key }: Message,
  channel: string,
  epoch: number,
  check: Check | undefined,
): Promise<ReceivedMessage<Data> | undefined> {
  if (payload === undefined) return undefined;
  try {
    const raw = valueOf(payload);
    const data = (check === undefined ? raw : await check(raw)) as Data;
    return { data, channel, position: { epoch, offset }, time, publisher, key };
  } catch {
    return undefined;
  }
}
