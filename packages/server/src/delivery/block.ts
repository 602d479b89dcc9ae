import type { Codec } from "@hawser/protocol";
import { messageCost } from "@hawser/protocol";
import type { Framing } from "../transport/transport.ts";
import type { Run } from "./tail.ts";

/** Codec and framing of a connection: connections of one encoding share their bytes. */
export interface Encoding {
  readonly codec: Codec;
  readonly framing: Framing;
}

/** A run as the bytes of one message, complete with its frame header. */
export interface Block {
  readonly epoch: number;
  readonly from: number;
  readonly to: number;
  readonly generation: number;
  readonly bytes: Uint8Array;
  readonly cost: number;
  readonly messages: number;
}

/** What names a block beside its run. */
export interface BlockKey {
  readonly number: number;
  readonly generation: number;
  readonly epoch: number;
}

export function encodeBlock(run: Run, key: BlockKey, encoding: Encoding): Block {
  let cost = 0;
  for (const entry of run.entries) cost += messageCost(entry.payload);
  const message = encoding.codec.encode({
    type: "batch",
    number: key.number,
    generation: key.generation,
    epoch: key.epoch,
    from: run.from,
    to: run.to,
    messages: run.entries,
    conflated: false,
  });
  return {
    epoch: key.epoch,
    from: run.from,
    to: run.to,
    generation: key.generation,
    bytes: encoding.framing.frame(message),
    cost,
    messages: run.entries.length,
  };
}

/** So few that looking through them costs less than a key would. */
const maxBlocks = 16;

/**
 * Blocks of one channel that were made lately, so that subscribers at the same cursor share them. A block is found by
 * its whole interval: it never holds more than the subscriber's own run.
 */
export class BlockCache {
  readonly #maxBytes: number;
  /** Newest first. */
  #blocks: { readonly block: Block; readonly encoding: Encoding }[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  find(run: Run, key: BlockKey, encoding: Encoding): Block | undefined {
    for (const { block, encoding: own } of this.#blocks) {
      const same = block.from === run.from && block.to === run.to && own === encoding;
      if (same && block.generation === key.generation && block.epoch === key.epoch) return block;
    }
    return undefined;
  }

  keep(block: Block, encoding: Encoding): void {
    this.#blocks.unshift({ block, encoding });
    this.#bytes += block.bytes.byteLength;
    while (this.#bytes > this.#maxBytes || this.#blocks.length > maxBlocks)
      this.#bytes -= this.#blocks.pop()!.block.bytes.byteLength;
  }

  clear(): void {
    this.#blocks = [];
    this.#bytes = 0;
  }
}
