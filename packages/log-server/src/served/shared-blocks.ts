import type { Entry } from "@hawser/log";
import type { Interval } from "@hawser/protocol";
import { EntryBlocks } from "../wire/entry-blocks.ts";

/**
 * What was encoded of the entries that the log tells. A log hands the same array to each follower of a channel: so it is
 * encoded once for all remote logs, and kept as long as the array.
 */
export class SharedBlocks {
  readonly #blocks = new WeakMap<readonly Entry[], EntryBlocks>();

  of(entries: readonly Entry[], interval: Interval, maxEntryBytes: number): EntryBlocks {
    const known = this.#blocks.get(entries);
    const isSame = known?.maxEntryBytes === maxEntryBytes && known.interval.from === interval.from;
    if (known !== undefined && isSame && known.interval.to === interval.to) return known;
    const blocks = new EntryBlocks(entries, interval, maxEntryBytes);
    this.#blocks.set(entries, blocks);
    return blocks;
  }
}
