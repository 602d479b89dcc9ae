import type { Entry, ReadOptions } from "../log.ts";
import type { AcceptedPrefix } from "../prefix/accepted-prefix.ts";
import { readAnew } from "./block-reader.ts";
import type { BlockReader, PlacedAppend } from "./block-reader.ts";
import { entryOf, payloadBytes } from "./channel-view.ts";
import type { ChannelView } from "./channel-view.ts";

/** Options of a {@link History}. */
export interface HistoryOptions {
  readonly blocks: BlockReader;
  readonly prefix: AcceptedPrefix;
  /** What lies at or below it was not passed by the reader. */
  readonly passedFrom: number;
  /** The oldest offset that the broker has left. */
  readonly start: () => number;
  /** The view of a channel of which the history holds entries. */
  readonly viewOf: (channel: string) => ChannelView;
  readonly onChanged: (view: ChannelView) => void;
}

/** What was found, and whether there is more in the direction of the read. */
export interface Found {
  readonly entries: readonly Entry[];
  readonly more: boolean;
  /** The channel's end when the last of it was found. */
  readonly end: number;
}

/**
 * The entries of a partition, also those that lie below where its reader began. What lies there is looked through back to
 * where somebody reads from, once for all channels, and noted as blocks in which a channel has entries.
 */
export class History {
  readonly #options: HistoryOptions;
  /** All above it is known. */
  #indexedFrom: number;
  #pass: Promise<void> | undefined;
  #wanted = Infinity;
  #closed = false;

  constructor(options: HistoryOptions) {
    this.#options = options;
    this.#indexedFrom = options.passedFrom;
  }

  /** Whether all that the broker has left is known. */
  get isIndexed(): boolean {
    return this.#indexedFrom <= this.#bottom;
  }

  /** The log is being read anew: nothing is noted any more. */
  close(): void {
    this.#closed = true;
  }

  /** The oldest entries above `from`. */
  async forward(view: ChannelView, from: number, limits: ReadOptions): Promise<Found> {
    await this.#indexTo(from, view);
    const page = new PageEntries(limits);
    const found = (more: boolean): Found => ({ entries: page.entries, more, end: view.end });
    for (let at = from; ;) {
      const row = view.rowAbove(at);
      if (row === undefined) {
        const { entries, more } = view.tail.forward(at, limits);
        for (const entry of entries) {
          if (page.isFull) return found(true);
          page.add(entry);
        }
        return found(more);
      }
      if (page.isFull) return found(true);
      const through = row.last;
      for (const placed of await this.#recordsOf(view, row.block)) {
        if (placed.offset <= at || placed.offset > through) continue;
        if (page.isFull) return found(true);
        page.add(entryOf(placed, placed.record));
      }
      at = through;
    }
  }

  /** The newest entries at or below `to`, in rising order. Whether there are more may be said without that they were looked for. */
  async backward(view: ChannelView, to: number, limits: ReadOptions): Promise<Found> {
    const { blocks } = this.#options;
    const page = new PageEntries(limits);
    const found = (more: boolean): Found => ({ entries: page.entries.toReversed(), more, end: view.end });
    const { entries } = view.tail.backward(to, limits);
    for (const entry of entries.toReversed()) if (!page.isFull) page.add(entry);
    let below = Math.min(to, (page.entries.at(-1)?.offset ?? view.tail.oldest?.offset ?? Infinity) - 1);
    for (;;) {
      if (page.isFull && (view.tail.oldest?.offset ?? Infinity) <= below) return found(true);
      const row = below > view.floor ? view.rowAtOrBelow(blocks.blockOf(below)) : undefined;
      if (row === undefined) {
        if (this.isIndexed || Math.min(below, this.#indexedFrom) <= view.floor) return found(false);
        if (page.isFull) return found(true);
        // At least a block further, and past all that lies above what was asked for.
        await this.#indexTo(Math.min(blocks.startOf(blocks.blockOf(this.#indexedFrom)) - 1, below - 1), view);
        continue;
      }
      const records = await this.#recordsOf(view, row.block);
      for (const placed of records.toReversed()) {
        if (placed.offset > below) continue;
        if (page.isFull) return found(placed.offset > view.floor);
        page.add(entryOf(placed, placed.record));
      }
      below = blocks.startOf(row.block) - 1;
    }
  }

  async #recordsOf({ channel }: ChannelView, block: number): Promise<readonly PlacedAppend[]> {
    const read = await this.#options.blocks.read(block);
    return (read.get(channel) ?? []).filter(({ offset }) => this.#options.prefix.counted(offset));
  }

  get #bottom(): number {
    return Math.max(0, this.#options.start() - 1, this.#options.prefix.base);
  }

  /** Resolves when all above `offset` is known, or all that the channel can have. */
  async #indexTo(offset: number, view: ChannelView): Promise<void> {
    const lowest = Math.max(offset, view.floor);
    while (lowest < this.#indexedFrom && lowest < view.end && !this.isIndexed) {
      this.#wanted = Math.min(this.#wanted, lowest);
      this.#pass ??= this.#index().finally(() => {
        this.#pass = undefined;
        this.#wanted = Infinity;
      });
      await this.#pass;
    }
  }

  /** The one pass for all who want to know what lies below. */
  async #index(): Promise<void> {
    const { blocks, prefix, viewOf, onChanged } = this.#options;
    while (this.#wanted < this.#indexedFrom && !this.isIndexed) {
      const number = blocks.blockOf(this.#indexedFrom);
      const block = await blocks.read(number);
      if (this.#closed) throw readAnew();
      for (const [channel, records] of block) {
        const own = records.filter(({ offset }) => offset <= this.#indexedFrom && prefix.counted(offset));
        const last = own.at(-1);
        if (last === undefined) continue;
        const bytes = own.reduce((sum, { record }) => sum + payloadBytes(entryOf(last, record)), 0);
        const view = viewOf(channel);
        view.addOlder({ block: number, count: own.length, bytes, last: last.offset, time: last.time });
        onChanged(view);
      }
      this.#indexedFrom = blocks.startOf(number) - 1;
    }
  }
}

/** The entries of a page, until it is full. */
class PageEntries {
  readonly entries: Entry[] = [];
  readonly #limits: ReadOptions;
  #bytes = 0;

  constructor(limits: ReadOptions) {
    this.#limits = limits;
  }

  get isFull(): boolean {
    return (
      this.entries.length > 0 && (this.entries.length >= this.#limits.maxCount || this.#bytes >= this.#limits.maxBytes)
    );
  }

  add(entry: Entry): void {
    this.entries.push(entry);
    this.#bytes += payloadBytes(entry);
  }
}
