import type { Entry, Page, ReadOptions } from "@hawser/log";

/**
 * One page out of as many as the server needs for it. It ends early, with `more`, where two of them are not of one log: the
 * epoch changed, or the log was trimmed between them.
 *
 * @param next the page behind this one (before it, backward), or the first one.
 */
export async function joinPages(
  options: ReadOptions,
  backward: boolean,
  next: (page: Page | undefined, options: ReadOptions) => Promise<Page>,
): Promise<Page> {
  let left: ReadOptions = {
    maxCount: Math.min(options.maxCount, Number.MAX_SAFE_INTEGER),
    maxBytes: Math.max(0, Math.min(options.maxBytes, Number.MAX_SAFE_INTEGER)),
  };
  let page: Page | undefined;
  for (;;) {
    const part = await next(page, left);
    const joined = page === undefined ? part : join(page, part, backward);
    if (joined === undefined) return page!;
    page = joined;
    left = { maxCount: left.maxCount - part.entries.length, maxBytes: left.maxBytes - bytesOf(part.entries) };
    if (!page.more || part.entries.length === 0 || left.maxCount <= 0 || left.maxBytes <= 0) return page;
  }
}

/** `undefined` if they do not meet. */
function join(page: Page, part: Page, backward: boolean): Page | undefined {
  if (part.epoch !== page.epoch) return undefined;
  const { from, to } = page.interval;
  if (backward) {
    if (part.interval.to !== from) return undefined;
    return { ...part, entries: [...part.entries, ...page.entries], interval: { from: part.interval.from, to } };
  }
  if (part.interval.from !== to) return undefined;
  // What was read first may have been trimmed meanwhile; it is given all the same, under the floor of its time.
  return {
    ...part,
    floor: page.floor,
    entries: [...page.entries, ...part.entries],
    interval: { from, to: part.interval.to },
  };
}

function bytesOf(entries: readonly Entry[]): number {
  return entries.reduce((sum, { payload }) => sum + (payload?.data.byteLength ?? 0), 0);
}
