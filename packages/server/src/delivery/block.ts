import type { Entry } from "@hawser/log";
import type { Codec, ServerFrame } from "@hawser/protocol";
import { messageCost } from "@hawser/protocol";
import type { Framing } from "../transport/transport.ts";
import type { Compression } from "./compression.ts";
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
  readonly from: number;
  readonly to: number;
  readonly generation: number;
  readonly encoding: Encoding;
  readonly bytes: Uint8Array;
  /** Of `bytes`, those behind the frame header. */
  readonly messageBytes: number;
  readonly cost: number;
  readonly messages: number;
  readonly epoch: number;
  /** What is in it, where its interval alone does not say so, since something was left out of it (SUB-17). */
  readonly conflated: readonly Entry[] | undefined;
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
  const { from, to, entries: messages, conflated = false } = run;
  const { codec, framing } = encoding;
  const frame = { type: "batch", number, generation, epoch, from, to, messages, conflated } as const;
  const message = codec.encode(frame, framing.headroomBytes);
  const messageBytes = message.length - framing.headroomBytes;
  const bytes = framing.frame(message);
  const left = conflated ? messages : undefined;
  const count = messages.length;
  return { from, to, generation, encoding, bytes, messageBytes, cost, messages: count, epoch, conflated: left };
}

interface Kept {
  readonly block: Block;
  /** Its compressed form, once somebody came for it; `undefined`: it would not be shorter. */
  deflated: "unmade" | Uint8Array | undefined;
}

/**
 * Blocks of one channel that were made lately, so that subscribers at the same cursor share them. A block is found by
 * its whole interval, and by what was left out of that: it never holds more than the subscriber's own run, which his
 * credit and rate were held against.
 */
export class BlockCache {
  readonly #recent: Recent<Kept>;
  readonly #compression: Compression | undefined;

  /** @param compression - Left out: blocks are not compressed. */
  constructor(maxBytes: number, compression?: Compression) {
    this.#recent = new Recent(maxBytes);
    this.#compression = compression;
  }

  /** Whether what is written of a block is its bytes, for whomever. */
  get plain(): boolean {
    return this.#compression === undefined;
  }

  /** What is held, compressed forms included. */
  get bytes(): number {
    return this.#recent.bytes;
  }

  find(run: Run, key: BlockKey, encoding: Encoding): Block | undefined {
    for (const { block } of this.#recent.items) {
      const same =
        block.from === run.from && block.to === run.to && block.encoding === encoding && holdsAll(block, run);
      if (same && block.generation === key.generation && block.epoch === key.epoch) return block;
    }
    return undefined;
  }

  keep(block: Block): void {
    this.#recent.keep({ block, deflated: "unmade" }, block.bytes.byteLength);
  }

  /**
   * What is written of a block for a peer that inflates in a window of so many bytes: its compressed form, made for the
   * first who comes and shared with the others, where it has one that the peer can take.
   */
  bytesOf(block: Block, windowBytes: number): Uint8Array {
    const compression = this.#compression;
    if (compression === undefined || !compression.suits(block.messageBytes, windowBytes)) return block.bytes;
    const kept = this.#recent.items.find((item) => item.block === block);
    if (kept === undefined) return block.bytes;
    if (kept.deflated === "unmade") {
      kept.deflated = compression.frame(block.bytes.subarray(-block.messageBytes), block.encoding.framing);
      if (kept.deflated !== undefined) this.#recent.grow(kept, kept.deflated.byteLength);
    }
    return kept.deflated ?? block.bytes;
  }

  /** Lets go of the blocks within `(from, to]`. */
  drop(from: number, to: number): void {
    this.#recent.drop(({ block }) => block.from >= from && block.to <= to);
  }

  clear(): void {
    this.#recent.clear();
  }
}

/** Whether a block of the same interval as a run holds the same entries. */
function holdsAll({ conflated }: Block, run: Run): boolean {
  if (conflated === undefined || run.conflated !== true) return conflated === undefined && run.conflated !== true;
  return conflated.length === run.entries.length && conflated.every((entry, index) => entry === run.entries[index]);
}
