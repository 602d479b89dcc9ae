import type { Message, Payloads } from "./payload.ts";

/** A `batch` frame that was checked while it was read. */
export interface ReadBatch {
  /** The number of the channel, from `subscribed`. */
  readonly number: number;
  readonly from: number;
  readonly to: number;
  /** Of the payloads, which follow one another; without messages `last` is below `first`. */
  readonly channel: number;
  readonly first: number;
  readonly last: number;
}

/** Field numbers of `spec/hawser.proto`, with wire type 2 (length) or 0 (varint) in the low three bits. */
const tags = {
  frameBatch: (1 << 3) | 2,
  batchNumber: 1 << 3,
  batchFrom: 4 << 3,
  batchTo: 5 << 3,
  batchMessage: (7 << 3) | 2,
  messageStep: 1 << 3,
  messagePayload: (3 << 3) | 2,
} as const;

/** Before the number stand at most two lengths and two tags. */
const headBytes = 16;

/**
 * Reads `hawser.v1` messages of one batch each, and nothing else of them: a client's codec would build objects, which is
 * not what the benchmark measures. The intervals and the payloads are checked, so that whatever is missing is seen.
 */
export class BatchReader {
  readonly #payloads: Payloads;
  #bytes: Buffer = Buffer.alloc(0);
  #index = 0;

  constructor(payloads: Payloads) {
    this.#payloads = payloads;
  }

  /** The channel number of the batch that starts at `start`; `undefined` for another frame, or too few bytes. */
  numberAt(bytes: Buffer, start: number, end: number): number | undefined {
    if (end - start < headBytes) return undefined;
    this.#bytes = bytes;
    this.#index = start;
    this.#varint();
    if (bytes[this.#index++] !== tags.frameBatch) return undefined;
    this.#varint();
    return this.#varint() === tags.batchNumber ? this.#varint() : undefined;
  }

  /**
   * Reads one batch that fills `bytes[start..end)`; `undefined` when its first frame is another.
   *
   * @throws Error when its parts do not fit together.
   */
  read(bytes: Buffer, start: number, end: number): ReadBatch | undefined {
    this.#bytes = bytes;
    this.#index = start;
    const frameEnd = this.#varint() + this.#index;
    if (this.#bytes[this.#index] !== tags.frameBatch) return undefined;
    if (frameEnd !== end) throw new Error("more than one batch in a message");
    this.#index += 1;
    this.#varint();
    return this.#readBatch(end);
  }

  #readBatch(end: number): ReadBatch {
    let [number, from, to, offset] = [0, 0, 0, 0];
    let first: Message | undefined;
    let count = 0;
    while (this.#index < end) {
      const tag = this.#varint();
      if (tag === tags.batchMessage) {
        if (offset === 0) offset = from;
        const messageEnd = this.#varint() + this.#index;
        const { step, message } = this.#readMessage(messageEnd);
        offset += step;
        first ??= message;
        if (message.number !== first.number + count || message.channel !== first.channel) {
          throw new Error(`message ${message.number} behind ${first.number + count - 1}`);
        }
        count += 1;
      } else if (tag === tags.batchNumber) number = this.#varint();
      else if (tag === tags.batchFrom) from = this.#varint();
      else if (tag === tags.batchTo) to = this.#varint();
      else this.#skip(tag);
    }
    if (offset > to) throw new Error(`a message at ${offset} in a batch to ${to}`);
    const { channel, number: lowest } = first ?? { channel: -1, number: 1 };
    return { number, from, to, channel, first: lowest, last: lowest + count - 1 };
  }

  #readMessage(end: number): { step: number; message: Message } {
    let step = 0;
    let message: Message | undefined;
    while (this.#index < end) {
      const tag = this.#varint();
      if (tag === tags.messageStep) step = this.#varint();
      else if (tag === tags.messagePayload) {
        const payloadEnd = this.#varint() + this.#index;
        this.#varint();
        this.#varint();
        message = this.#payloads.read(this.#bytes, this.#index, payloadEnd);
        this.#index = payloadEnd;
      } else this.#skip(tag);
    }
    if (message === undefined) throw new Error("a message without a payload");
    return { step, message };
  }

  #skip(tag: number): void {
    const value = this.#varint();
    if ((tag & 7) === 2) this.#index += value;
    else if ((tag & 7) !== 0) throw new Error(`wire type ${tag & 7}`);
  }

  #varint(): number {
    let byte = this.#bytes[this.#index++]!;
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    let scale = 128;
    do {
      byte = this.#bytes[this.#index++]!;
      value += (byte & 0x7f) * scale;
      scale *= 128;
    } while (byte >= 0x80);
    return value;
  }
}
