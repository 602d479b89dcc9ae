import type { ChannelView } from "./channel-view.ts";
import { payloadBytes } from "./channel-view.ts";
import type { Entry } from "../log.ts";

/** Options of a {@link TailBudget}. */
export interface TailBudgetOptions {
  /** Entries of all channels that are kept in memory at most. */
  readonly maxTailRecords: number;
  /** Sum of their payload bytes at most; the newest entry is kept whatever its size. */
  readonly maxTailBytes: number;
  /** Gives the block of an offset. */
  readonly blockOf: (offset: number) => number;
}

interface Kept {
  readonly view: ChannelView;
  readonly offset: number;
  readonly bytes: number;
}

/** The newest entries of a partition, which all channels together keep in memory: past the budget the oldest one sinks. */
export class TailBudget {
  readonly #options: TailBudgetOptions;
  /** In the order of the log; those that their channel has trimmed stay in line. */
  #line: (Kept | undefined)[] = [];
  #first = 0;
  #bytes = 0;

  constructor(options: TailBudgetOptions) {
    this.#options = options;
  }

  /** An entry was added to the tail of its channel. */
  add(view: ChannelView, entry: Entry): void {
    const bytes = payloadBytes(entry);
    this.#line.push({ view, offset: entry.offset, bytes });
    this.#bytes += bytes;
    const { maxTailRecords, maxTailBytes } = this.#options;
    while (this.#count > maxTailRecords || (this.#bytes > maxTailBytes && this.#count > 1)) this.#sinkOldest();
  }

  /** All tails are empty. */
  clear(): void {
    this.#line = [];
    this.#first = 0;
    this.#bytes = 0;
  }

  get #count(): number {
    return this.#line.length - this.#first;
  }

  #sinkOldest(): void {
    const kept = this.#line[this.#first]!;
    this.#line[this.#first] = undefined;
    this.#first += 1;
    this.#bytes -= kept.bytes;
    if (kept.view.tail.oldest?.offset === kept.offset) kept.view.sink(this.#options.blockOf(kept.offset));
    if (this.#first < 1_024 || this.#first * 2 < this.#line.length) return;
    this.#line = this.#line.slice(this.#first);
    this.#first = 0;
  }
}
