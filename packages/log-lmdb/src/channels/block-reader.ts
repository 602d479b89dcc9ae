import { decodeBlock, decodeBlockSizes } from "../records/block-record.ts";
import type { Block, BlockSizes } from "../records/block-record.ts";
import { entryKey, offsetOf } from "../records/keys.ts";
import { RecordError } from "../records/record-reader.ts";
import type { StorePort } from "../store/store.ts";

/** Finds the blocks of one channel in the store. */
export class BlockReader {
  readonly #store: Pick<StorePort, "get" | "last">;
  readonly #channel: number;

  /** @param channel the channel's number. */
  constructor(store: Pick<StorePort, "get" | "last">, channel: number) {
    this.#store = store;
    this.#channel = channel;
  }

  /** The block that holds the entry at `offset`. Throws {@link RecordError} when it is damaged, or there is none. */
  at(offset: number): Block {
    return this.#at(offset, decodeBlock);
  }

  /** As `at`, without the entries themselves. */
  sizesAt(offset: number): BlockSizes {
    return this.#at(offset, decodeBlockSizes);
  }

  /** The key under which the block stands that should hold `offset`, whatever is left of it. */
  keyOf(offset: number): Uint8Array | undefined {
    return this.#store.last(entryKey(this.#channel, 0), entryKey(this.#channel, offset))?.key;
  }

  #at<Result extends { readonly last: number }>(
    offset: number,
    decode: (record: Uint8Array, key: Uint8Array, first: number) => Result,
  ): Result {
    // Who reads on asks for what follows a block, which is the beginning of the next.
    const key = entryKey(this.#channel, offset);
    const record = this.#store.get(key);
    if (record !== undefined) return decode(record, key, offset);
    const row = this.#store.last(entryKey(this.#channel, 0), key);
    const first = row === undefined ? undefined : offsetOf(row.key);
    if (row === undefined || first === undefined) throw new RecordError(`entry ${offset} is missing`);
    const block = decode(row.value, row.key, first);
    if (block.last < offset) throw new RecordError(`entry ${offset} is missing`);
    return block;
  }
}
