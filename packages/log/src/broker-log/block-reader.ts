import { HawserError } from "@hawser/protocol";
import type { AppendRecord } from "../prefix/log-record.ts";
import { fetchAgain } from "./fetch-again.ts";
import type { FetchAgainOptions } from "./fetch-again.ts";

/** An append record where it lies. */
export interface PlacedAppend {
  readonly offset: number;
  readonly time: number;
  readonly record: AppendRecord;
}

/** A block of a partition: the append records of `size` offsets, by channel and in order, whether they count or not. */
export type Block = ReadonlyMap<string, readonly PlacedAppend[]>;

/** Options of a {@link BlockReader}. */
export interface BlockReaderOptions extends Omit<FetchAgainOptions, "isWanted"> {
  /** Offsets of a block. */
  readonly blockOffsets: number;
  /** Payload bytes of the blocks that are remembered at most; the newest one is whatever its size. */
  readonly maxBlockBytes: number;
  /** Blocks that are fetched at the same time at most. */
  readonly maxBlockFetches: number;
  /** How far the log was passed: blocks above that are not complete. */
  readonly passedThrough: () => number;
  /** Resolves when the log still is what was passed, rejects when that is not known. */
  readonly confirm: () => Promise<void>;
  readonly onTrimmed: (start: number) => void;
}

interface Waiting {
  readonly promise: Promise<Block>;
  readonly resolve: (block: Block) => void;
  readonly reject: (error: unknown) => void;
}

interface Fetching {
  readonly promise: Promise<Block>;
  /** How far the log was passed when it began: what came since may be missing. */
  readonly through: number;
}

interface Remembered {
  readonly block: Block;
  readonly bytes: number;
}

/**
 * Reads blocks of the partition for all who wait: each block is fetched once for all of them, from the lowest one on that
 * is wanted, so that readers who stand at different places are joined by one pass; and those read last are remembered for
 * who comes a moment later.
 */
export class BlockReader {
  readonly #options: BlockReaderOptions;
  readonly #wanted = new Map<number, Waiting>();
  readonly #fetching = new Map<number, Fetching>();
  /** The one used longest ago first. */
  readonly #remembered = new Map<number, Remembered>();
  #bytes = 0;
  /** The block that was begun last: those above it come first. */
  #at = -1;
  #generation = 0;

  constructor(options: BlockReaderOptions) {
    this.#options = options;
  }

  blockOf(offset: number): number {
    return Math.floor(offset / this.#options.blockOffsets);
  }

  /** The lowest offset of a block. */
  startOf(block: number): number {
    return block * this.#options.blockOffsets;
  }

  /** @throws HawserError `log-unavailable` when the broker does not answer. */
  read(block: number): Promise<Block> {
    const known = this.#remembered.get(block);
    if (known !== undefined) {
      this.#remembered.delete(block);
      this.#remembered.set(block, known);
      return Promise.resolve(known.block);
    }
    const fetching = this.#fetching.get(block);
    // One that grows is fetched once more, behind a fetch that began before what is there now.
    if (fetching !== undefined && fetching.through >= this.#endOf(block)) return fetching.promise;
    const waiting = this.#wanted.get(block);
    if (waiting !== undefined) return waiting.promise;
    let resolve!: Waiting["resolve"];
    let reject!: Waiting["reject"];
    const promise = new Promise<Block>((onBlock, onError) => {
      resolve = onBlock;
      reject = onError;
    });
    this.#wanted.set(block, { promise, resolve, reject });
    // Behind all who ask in this turn.
    void Promise.resolve().then(() => this.#next());
    return promise;
  }

  /** The log is another one, or begins anew: what was read is of no use. */
  clear(): void {
    this.#generation += 1;
    this.#remembered.clear();
    this.#fetching.clear();
    this.#bytes = 0;
    for (const { reject } of this.#wanted.values()) reject(readAnew());
    this.#wanted.clear();
  }

  /** How far a block goes, as far as it was passed. */
  #endOf(block: number): number {
    return Math.min(this.#options.passedThrough(), this.startOf(block + 1) - 1);
  }

  #next(): void {
    while (this.#fetching.size < this.#options.maxBlockFetches) {
      let lowest = Infinity;
      let above = Infinity;
      for (const block of this.#wanted.keys()) {
        if (this.#fetching.has(block)) continue;
        lowest = Math.min(lowest, block);
        if (block > this.#at) above = Math.min(above, block);
      }
      if (lowest === Infinity) return;
      const block = above === Infinity ? lowest : above;
      const { promise, resolve, reject } = this.#wanted.get(block)!;
      this.#wanted.delete(block);
      this.#fetching.set(block, { promise, through: this.#endOf(block) });
      this.#at = block;
      void this.#settle(block, resolve, reject);
    }
  }

  async #settle(block: number, resolve: Waiting["resolve"], reject: Waiting["reject"]): Promise<void> {
    const own = this.#fetching.get(block);
    try {
      resolve(await this.#fetch(block));
    } catch (error) {
      reject(error);
    }
    if (this.#fetching.get(block) === own) this.#fetching.delete(block);
    // Behind those who go on with the next block.
    await own?.promise.catch(() => {});
    this.#next();
  }

  async #fetchFrom(offset: number, generation: number) {
    const isWanted = (): boolean => generation === this.#generation;
    try {
      return await fetchAgain({ ...this.#options, isWanted }, offset, this.#options.blockOffsets);
    } catch (error) {
      throw unavailable("the broker did not answer", error);
    }
  }

  async #fetch(number: number): Promise<Block> {
    const generation = this.#generation;
    const { confirm, passedThrough } = this.#options;
    const below = this.startOf(number + 1);
    const isComplete = passedThrough() >= below - 1;
    const block = new Map<string, PlacedAppend[]>();
    let bytes = 0;
    for (let at = this.startOf(number); at < below;) {
      const { records, start } = await this.#fetchFrom(at, generation);
      if (start > at) this.#options.onTrimmed(start);
      for (const { offset, time, record } of records) {
        if (record.kind !== "append" || offset >= below) continue;
        const own = block.get(record.channel);
        if (own === undefined) block.set(record.channel, [{ offset, time, record }]);
        else own.push({ offset, time, record });
        bytes += record.payload.data.byteLength;
      }
      at = (records.at(-1)?.offset ?? below) + 1;
    }
    // What the broker gave may be of another branch of the log than what was passed.
    await confirm();
    if (generation !== this.#generation) throw readAnew();
    if (isComplete) this.#remember(number, { block, bytes });
    return block;
  }

  #remember(number: number, read: Remembered): void {
    this.#remembered.set(number, read);
    this.#bytes += read.bytes;
    for (const [oldest, { bytes }] of this.#remembered) {
      if (this.#bytes <= this.#options.maxBlockBytes || this.#remembered.size === 1) break;
      this.#remembered.delete(oldest);
      this.#bytes -= bytes;
    }
  }
}

/** The log does not answer; the same may be asked again. */
export function unavailable(message: string, cause?: unknown): HawserError {
  return new HawserError("log-unavailable", message, { retry: true, cause });
}

/** What is asked belongs to a log that is no more; it may be asked of the one that is. */
export function readAnew(): HawserError {
  return unavailable("the log is being read anew");
}
