import type { Entry } from "@hawser/log";
import type { Interval } from "@hawser/protocol";
import { ByteWriter } from "./byte-writer.ts";
import { entryBound, writeEntry } from "./log-values.ts";

/** Bytes of entries in one frame, but for a single entry above it. */
export const blockBytes = 64 * 1024;

/** Consecutive entries as they travel, and the interval whose entries they are. */
export interface EntryBlock {
  readonly interval: Interval;
  readonly bytes: Uint8Array;
}

/** The entries of one interval, encoded block by block as far as somebody asked for them, and once for all who do. */
export class EntryBlocks {
  readonly maxEntryBytes: number;
  readonly #entries: readonly Entry[];
  readonly interval: Interval;
  readonly #blocks: EntryBlock[] = [];
  #encoded = 0;

  /** @param maxEntryBytes an entry that may be larger crosses as a hole. */
  constructor(entries: readonly Entry[], interval: Interval, maxEntryBytes: number) {
    this.#entries = entries;
    this.interval = interval;
    this.maxEntryBytes = maxEntryBytes;
  }

  /** The block, counted from 0; `undefined` behind the last. An interval without entries is one empty block. */
  at(index: number): EntryBlock | undefined {
    while (this.#blocks.length <= index) {
      if (this.#blocks.length > 0 && this.#encoded === this.#entries.length) return undefined;
      this.#blocks.push(this.#encode());
    }
    return this.#blocks[index];
  }

  #encode(): EntryBlock {
    const first = this.#encoded;
    const fitting: Entry[] = [];
    let size = 0;
    for (let index = first; index < this.#entries.length; index += 1) {
      const entry = carriable(this.#entries[index]!, this.maxEntryBytes);
      size += entryBound(entry);
      if (size > blockBytes && fitting.length > 0) break;
      fitting.push(entry);
    }
    this.#encoded = first + fitting.length;
    const isLast = this.#encoded === this.#entries.length;
    const interval = {
      from: this.#blocks.at(-1)?.interval.to ?? this.interval.from,
      to: isLast ? this.interval.to : fitting.at(-1)!.offset,
    };
    return { interval, bytes: encodeEntries(fitting) };
  }
}

/** Entries as they stand at the end of a frame. */
export function encodeEntries(entries: readonly Entry[]): Uint8Array {
  const writer = new ByteWriter(entries.reduce((sum, entry) => sum + entryBound(entry), 0));
  for (const entry of entries) writeEntry(writer, entry);
  return writer.finish();
}

/** The entry, or what can be carried of it: a hole, without its texts if these are what is too large. */
export function carriable(entry: Entry, maxEntryBytes: number): Entry {
  if (entryBound(entry) <= maxEntryBytes) return entry;
  const hole: Entry = { ...entry, payload: undefined };
  return entryBound(hole) <= maxEntryBytes ? hole : { ...hole, key: "", publisher: "" };
}
