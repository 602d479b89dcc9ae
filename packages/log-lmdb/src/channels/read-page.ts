import type { Entry, Page, ReadOptions } from "@hawser/log";
import { decodeChannel } from "../records/channel-record.ts";
import { channelKey } from "../records/keys.ts";
import { RecordError } from "../records/record-reader.ts";
import type { StorePort } from "../store/store.ts";
import { BlockReader } from "./block-reader.ts";
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
  const blocks = new BlockReader(source.store, range.number);
  const entries: Entry[] = [];
  let bytes = 0;
  let offset = Math.trunc(from) + 1;
  const isFull = (): boolean => entries.length >= options.maxCount || (bytes >= options.maxBytes && entries.length > 0);
  while (offset <= range.end && !isFull()) {
    const block = blocks.at(offset);
    for (; offset <= Math.min(block.last, range.end) && !isFull(); offset += 1) {
      const entry = block.entries[offset - block.first]!;
      bytes += entry.payload?.data.byteLength ?? 0;
      entries.push(entry);
    }
  }
  const to = offset > range.end ? Math.max(from, range.end) : offset - 1;
  return { epoch: source.epoch, floor: range.floor, interval: { from, to }, entries, more: to < range.end };
}

/** The newest entries of `(..., through]`, oldest first. Throws `RecordError` when one of them is damaged. */
export function readPageBackward(source: PageSource, through: number, options: ReadOptions): Page {
  const range = rangeOf(source);
  const to = Math.max(Math.min(through, range.end), range.floor);
  const blocks = new BlockReader(source.store, range.number);
  const entries: Entry[] = [];
  let bytes = 0;
  let offset = Math.trunc(to);
  const isFull = (): boolean => entries.length >= options.maxCount || (bytes >= options.maxBytes && entries.length > 0);
  while (offset > range.floor && !isFull()) {
    const block = blocks.at(offset);
    for (; offset >= block.first && offset > range.floor && !isFull(); offset -= 1) {
      const entry = block.entries[offset - block.first]!;
      bytes += entry.payload?.data.byteLength ?? 0;
      entries.push(entry);
    }
  }
  entries.reverse();
  const from = offset > range.floor ? offset : range.floor;
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
