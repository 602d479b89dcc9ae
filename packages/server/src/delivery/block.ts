import type { Codec, ServerFrame } from "@hawser/protocol";
import { messageCost } from "@hawser/protocol";
import type { Framing } from "../transport/transport.ts";
import { Recent } from "./recent.ts";
import type { Run } from "./tail.ts";

/** Codec and framing of a connection: connections of one encoding share their bytes. */
export interface Encoding {
  readonly codec: Codec;
  readonly framing: Framing;
}

/** A frame alone in a message, complete with its frame header. */
export function encodeFramed(frame: ServerFrame, { codec, framing }: Encoding): Uint8Array {
  return framing.frame(codec.encode(frame, framing.headroomBytes));
}

/** The bytes of one message of several encoded frames, `bytes` long together. */
export function joinFramed(frames: readonly Uint8Array[], bytes: number, { framing }: Encoding): Uint8Array {
  const message = new Uint8Array(framing.headroomBytes + bytes);
  let at = framing.headroomBytes;
  for (const frame of frames) {
    message.set(frame, at);
    at += frame.byteLength;
  }
  return framing.frame(message);
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
  const { number, generation, epoch } = key;
  const { from, to, entries: messages } = run;
  const bytes = encodeFramed(
    { type: "batch", number, generation, epoch, from, to, messages, conflated: false },
    encoding,
  );
  return { epoch, from, to, generation, bytes, cost, messages: messages.length };
}

interface Kept {
  readonly block: Block;
  readonly encoding: Encoding;
}

/**
 * Blocks of one channel that were made lately, so that subscribers at the same cursor share them. A block is found by
 * its whole interval: it never holds more than the subscriber's own run.
 */
export class BlockCache {
  readonly #recent: Recent<Kept>;

  constructor(maxBytes: number) {
    this.#recent = new Recent(maxBytes);
  }

  find(run: Run, key: BlockKey, encoding: Encoding): Block | undefined {
    for (const { block, encoding: own } of this.#recent.items) {
      const same = block.from === run.from && block.to === run.to && own === encoding;
      if (same && block.generation === key.generation && block.epoch === key.epoch) return block;
    }
    return undefined;
  }

  keep(block: Block, encoding: Encoding): void {
    this.#recent.keep({ block, encoding }, block.bytes.byteLength);
  }

  /** Lets go of the blocks within `(from, to]`. */
  drop(from: number, to: number): void {
    this.#recent.drop(({ block }) => block.from >= from && block.to <= to);
  }

  clear(): void {
    this.#recent.clear();
  }
}
