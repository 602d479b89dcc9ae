import type { Head, Log } from "@hawser/log";
import { HawserError } from "@hawser/protocol";
import type { Position, SubscribeFrame } from "@hawser/protocol";
import type { ChannelFeed } from "./channel-feed.ts";
import { maxBlockCost } from "./lane.ts";
import { resolvePosition } from "./start.ts";
import type { Start } from "./start.ts";

/** Where a subscription's cursor begins, and what its client is told of it. */
export type Begin = Extract<Start, { kind: "start" }>;

/** What a subscription asks for, and what it may have. */
export interface BeginRequest {
  readonly frame: Pick<SubscribeFrame, "position" | "last">;
  readonly feed: ChannelFeed;
  readonly log: Log;
  /** Messages that `last` goes back over; more is cut to it. */
  readonly maxLast: number;
  readonly mayReadHistory: boolean;
  /** Where the grant of an earlier connection began, which a user without the right to history proved. */
  readonly granted: Position | undefined;
  /** Whether somebody waits for the answer still: it may take many reads of the log. */
  readonly isWanted: () => boolean;
}

/**
 * The same at once, for a user who may read history: `undefined` when the log has to be asked, as it seldom has where the node
 * follows the channel.
 */
export function beginNow({
  frame,
  feed,
  maxLast,
}: Pick<BeginRequest, "frame" | "feed" | "maxLast">): Begin | undefined {
  const { position, last } = frame;
  if (position === undefined) {
    const offset = last > 0 ? feed.tail.offsetBelowNewest(Math.min(last, maxLast)) : feed.known().end;
    return offset === undefined ? undefined : plain(Math.max(offset, feed.floor));
  }
  const head = feed.known();
  if (isAbove(position, head)) return undefined;
  const start = resolveIn(feed, head, position);
  return start.kind === "start" ? start : undefined;
}

/** Entries that are looked at in one step, on the way to the Nth newest. */
const maxStepEntries = 1_024;

/**
 * Where the cursor begins (section 4 of the specification, POS-1 to POS-10). Rejects with `epoch-ahead` (the position is
 * of an epoch that this node's log has not reached), `log-unavailable` (the node is reading a new epoch), or as the log does.
 */
export async function beginOf(request: BeginRequest): Promise<Begin> {
  const { frame, feed, log, mayReadHistory } = request;
  if (frame.position !== undefined) return beginAt(request, frame.position);
  if (frame.last > 0) return plain(await belowNewest(request, Math.min(frame.last, request.maxLast)));
  if (mayReadHistory) return plain(feed.known().end);
  // Without the right to history not even what this node's follower has still to bring may be sent.
  const head = await log.head(feed.name);
  assertSameEpoch(feed, head.epoch);
  return plain(Math.max(head.end, feed.known().end));
}

async function beginAt({ feed, log, granted }: BeginRequest, position: Position): Promise<Begin> {
  let head: Head = feed.known();
  // Above what this node knows, the log itself has the word: its follower may only be late.
  if (isAbove(position, head)) head = await log.head(feed.name);
  assertSameEpoch(feed, head.epoch);
  const start = resolveIn(feed, head, position);
  if (start.kind === "ahead-of-epoch") {
    const message = `This node's log of ${feed.name} is older than position ${position.epoch}/${position.offset}. Try another node, or later.`;
    throw new HawserError("epoch-ahead", message, { retry: true, retryAfterMs: 1_000 });
  }
  if (granted === undefined) return start;
  const newToAll = start.reset === "unknown" || start.reset === "ahead";
  if (!newToAll && (start.offset >= granted.offset || start.reset === "truncated")) return start;
  return { kind: "start", offset: head.end, reset: start.reset, lost: { from: head.floor, to: head.end } };
}

function isAbove({ epoch, offset }: Position, head: Head): boolean {
  return epoch > head.epoch || offset > head.end;
}

/** What the log has trimmed may still be served from the tail. */
function resolveIn(feed: ChannelFeed, head: Head, position: Position): Start {
  return resolvePosition({ ...head, floor: Math.min(Math.max(head.floor, feed.floor), feed.heldFrom) }, position);
}

/**
 * The offset behind which the newest `count` entries lie. Offsets may have gaps, so those that the tail does not hold are
 * counted in the log: in steps, since together they can be all that the log has.
 */
async function belowNewest({ feed, log, isWanted }: BeginRequest, count: number): Promise<number> {
  const inTail = feed.tail.offsetBelowNewest(count);
  if (inTail !== undefined) return Math.max(inTail, feed.floor);
  let offset = feed.tail.to;
  for (let left = count, more = true; left > 0 && more && isWanted();) {
    const options = { maxCount: Math.min(left, maxStepEntries), maxBytes: maxBlockCost };
    const page = await log.readBackward(feed.name, offset, options);
    assertSameEpoch(feed, page.epoch);
    left -= page.entries.length;
    more = page.more && page.interval.from < offset;
    offset = page.interval.from;
  }
  return Math.max(Math.min(offset, feed.tail.to), feed.floor);
}

/** What the log answered is of use only if this node's follower stands in the same epoch when the answer is here. */
function assertSameEpoch(feed: ChannelFeed, epoch: number): void {
  if (epoch === feed.epoch) return;
  const message = `This node is still reading the new epoch of ${feed.name}.`;
  throw new HawserError("log-unavailable", message, { retry: true, retryAfterMs: 100 });
}

function plain(offset: number): Begin {
  return { kind: "start", offset, reset: "", lost: undefined };
}
