import type { Entry, Page, ReadOptions } from "@hawser/log";
import type { ScriptAnswer } from "./script/script-caller.ts";
import { entryOf } from "./values/entries.ts";

/** Reads one page after, or through, an offset, by one call of the script. */
export type AskForPage = (direction: "forward" | "backward", at: number, options: ReadOptions) => Promise<Page>;

/** One call holds the server up for so much at most. */
const maxCallEntries = 512;
const maxCallBytes = 1024 * 1024;

/** Reads a page, by as many calls as it takes. What a trim cuts off between two calls ends the page. */
export async function readPages(
  ask: AskForPage,
  direction: "forward" | "backward",
  limit: number,
  { maxCount, maxBytes }: ReadOptions,
): Promise<Page> {
  const isForward = direction === "forward";
  let left = { count: maxCount, bytes: maxBytes };
  let page: Page | undefined;
  for (let at = Math.max(0, Math.min(limit, Number.MAX_SAFE_INTEGER)); ;) {
    const next = await ask(direction, at, {
      maxCount: Math.min(left.count, maxCallEntries),
      maxBytes: Math.min(left.bytes, maxCallBytes),
    });
    const joined = page === undefined ? next : join(page, next, isForward);
    if (joined === undefined) return page!;
    page = joined;
    left = { count: left.count - next.entries.length, bytes: left.bytes - bytesOf(next.entries) };
    if (!page.more || left.count <= 0 || left.bytes <= 0) return page;
    at = isForward ? page.interval.to : page.interval.from;
  }
}

/** Reads what `read` of the script answers. */
export function pageOf({ epoch, results }: ScriptAnswer, isForward: boolean): Page {
  const [end, floor, , start, moreMark, found] = results as [Buffer, Buffer, Buffer, Buffer, Buffer, unknown[]];
  const entries = (found as [Buffer, Buffer[]][]).map(entryOf);
  if (!isForward) entries.reverse();
  const more = String(moreMark) === "1";
  const at = Number(start);
  const interval = isForward
    ? { from: at, to: more ? entries.at(-1)!.offset : Math.max(Number(end), at) }
    : { from: more ? entries[0]!.offset - 1 : Number(floor), to: at };
  return { epoch, floor: Number(floor), interval, entries, more };
}

/** Both as one, or `undefined` where they are of different epochs, or something between them is gone. */
function join(page: Page, next: Page, isForward: boolean): Page | undefined {
  if (next.epoch !== page.epoch) return undefined;
  if (isForward) {
    if (next.interval.from !== page.interval.to) return undefined;
    const entries = [...page.entries.filter(({ offset }) => offset > next.floor), ...next.entries];
    const from = Math.max(page.interval.from, next.floor);
    return { ...next, interval: { from, to: next.interval.to }, entries };
  }
  if (next.interval.to !== page.interval.from) return undefined;
  return {
    ...next,
    interval: { from: next.interval.from, to: page.interval.to },
    entries: [...next.entries, ...page.entries],
  };
}

function bytesOf(entries: readonly Entry[]): number {
  let bytes = 0;
  for (const { payload } of entries) bytes += payload?.data.byteLength ?? 0;
  return bytes;
}
