import type { Entry, Page } from "@hawser/log";
import { carriable } from "../wire/entry-blocks.ts";
import { entryBound } from "../wire/log-values.ts";

/** As much of a page as fits into one frame: its beginning, or its end if it was read backward. */
export function fitPage(page: Page, backward: boolean, maxBytes: number): Page {
  const entries: Entry[] = [];
  let size = 0;
  for (const each of backward ? page.entries.toReversed() : page.entries) {
    const entry = carriable(each, maxBytes);
    size += entryBound(entry);
    if (size > maxBytes && entries.length > 0) break;
    entries.push(entry);
  }
  if (entries.length === page.entries.length) return { ...page, entries: backward ? entries.toReversed() : entries };
  const last = entries.at(-1)!.offset;
  const { from, to } = page.interval;
  return backward
    ? { ...page, entries: entries.toReversed(), interval: { from: last - 1, to }, more: true }
    : { ...page, entries, interval: { from, to: last }, more: true };
}
