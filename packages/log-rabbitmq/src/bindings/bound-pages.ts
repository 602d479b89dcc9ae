import type { Page, ReadOptions } from "@hawser/log";
import { boundEntry } from "./bindings.ts";
import type { BoundMessage } from "./bindings.ts";

/** What is there of a stream. */
export interface Bounds {
  readonly epoch: number;
  readonly floor: number;
  readonly end: number;
}

/** What a page is read with. */
export interface PageOptions extends ReadOptions {
  readonly bounds: Bounds;
  readonly channel: string;
  /** Messages that one page looks through. */
  readonly maxScan: number;
  /** The messages of `(after, through]`. */
  readonly between: (after: number, through: number) => Promise<readonly BoundMessage[]>;
  /** Whether a message of the channel is an entry. */
  readonly counted: (offset: number) => boolean;
}

/** Messages that are asked for at a time. */
export const maxFetch = 500;

/** The oldest entries of a channel above `after`, by scan. */
export async function pageForward(after: number, options: PageOptions): Promise<Page> {
  const { bounds, channel, maxScan, maxCount, maxBytes, between, counted } = options;
  const { epoch, floor, end } = bounds;
  const from = Math.max(after, floor);
  const entries = [];
  let bytes = 0;
  let at = from;
  while (at < end && entries.length < maxCount && bytes < maxBytes && at - from < maxScan) {
    for (const message of await between(at, Math.min(end, at + maxFetch))) {
      at = message.offset;
      if (message.channel !== channel || !counted(at)) continue;
      entries.push(boundEntry(message));
      bytes += message.payload?.data.length ?? 0;
      if (entries.length === maxCount || bytes >= maxBytes) break;
    }
  }
  return { epoch, floor, interval: { from, to: at }, entries, more: at < end };
}

/** The newest entries of a channel at or below `through`, by scan. */
export async function pageBackward(through: number, options: PageOptions): Promise<Page> {
  const { bounds, channel, maxScan, maxCount, maxBytes, between, counted } = options;
  const { epoch, floor, end } = bounds;
  const to = Math.max(floor, Math.min(through, end));
  let found: readonly BoundMessage[] = [];
  let low = to;
  while (low > floor && found.length < maxCount && to - low < maxScan) {
    const from = Math.max(floor, low - maxFetch);
    const own = (await between(from, low)).filter((one) => one.channel === channel && counted(one.offset));
    found = [...own, ...found];
    low = from;
  }
  const kept: BoundMessage[] = [];
  let bytes = 0;
  for (const message of found.toReversed()) {
    if (kept.length === maxCount || bytes >= maxBytes) break;
    kept.unshift(message);
    bytes += message.payload?.data.length ?? 0;
  }
  const from = kept.length < found.length ? kept[0]!.offset - 1 : low;
  return { epoch, floor, interval: { from, to }, entries: kept.map(boundEntry), more: from > floor };
}
