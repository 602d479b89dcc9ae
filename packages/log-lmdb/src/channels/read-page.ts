import type { Entry, Page, ReadOptions } from "@hawser/log";
import { decodeChannel } from "../records/channel-record.ts";
import { decodeEntry } from "../records/entry-record.ts";
import { channelKey, entryKey } from "../records/keys.ts";
import { RecordError } from "../records/record-reader.ts";
import type { StorePort } from "../store/store.ts";
import type { Channel } from "./channel.ts";

/** Where a page is read from. */
export interface PageSource {
  readonly store: StorePort;
  readonly channel: Channel;
  readonly epoch: number;
}

interface Range {
  readonly number: number;
  readonly floor: number;
  readonly end: number;
}

/** The oldest entries of `(after, ...]`. Throws `RecordError` when one of them is damaged. */
export function readPage(source: PageSource, after: number, options: ReadOptions): Page {
  const range = rangeOf(source);
  const from = Math.max(after, range.floor);
  const entries: Entry[] = [];
  let bytes = 0;
  let to = Math.max(from, range.end);
  for (let offset = Math.trunc(from) + 1; offset <= range.end; offset += 1) {
    if (entries.length === options.maxCount || (bytes >= options.maxBytes && entries.length > 0)) {
      to = offset - 1;
      break;
    }
    const entry = readEntry(source.store, range.number, offset);
    bytes += entry.payload?.data.byteLength ?? 0;
    entries.push(entry);
  }
  return { epoch: source.epoch, floor: range.floor, interval: { from, to }, entries, more: to < range.end };
}

/** The newest entries of `(..., through]`, oldest first. Throws `RecordError` when one of them is damaged. */
export function readPageBackward(source: PageSource, through: number, options: ReadOptions): Page {
  const range = rangeOf(source);
  const to = Math.max(Math.min(through, range.end), range.floor);
  const entries: Entry[] = [];
  let bytes = 0;
  let from = range.floor;
  for (let offset = Math.trunc(to); offset > range.floor; offset -= 1) {
    if (entries.length === options.maxCount || (bytes >= options.maxBytes && entries.length > 0)) {
      from = offset;
      break;
    }
    const entry = readEntry(source.store, range.number, offset);
    bytes += entry.payload?.data.byteLength ?? 0;
    entries.push(entry);
  }
  entries.reverse();
  return { epoch: source.epoch, floor: range.floor, interval: { from, to }, entries, more: from > range.floor };
}

/**
 * What can be read. The store may be ahead of what was acknowledged, by a transaction that is under way: what it appended is
 * not shown yet, but what it trimmed is gone already.
 */
function rangeOf({ store, channel }: PageSource): Range {
  const { state } = channel;
  if (state === undefined) return { number: 0, floor: 0, end: 0 };
  const record = store.get(channelKey(channel.name));
  if (record === undefined) throw new RecordError("the channel's record is missing");
  const { floor } = decodeChannel(record);
  return { number: state.number, floor: Math.min(Math.max(state.floor, floor), state.end), end: state.end };
}

function readEntry(store: StorePort, channel: number, offset: number): Entry {
  const key = entryKey(channel, offset);
  const record = store.get(key);
  if (record === undefined) throw new RecordError(`entry ${offset} is missing`);
  return decodeEntry(record, key, offset).entry;
}
