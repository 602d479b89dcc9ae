/** What a `batch` frame must be for the subscription that it is sent to, checked while it is read. */
export interface BatchCursor {
  /** The number of the channel, from `subscribed`. */
  readonly number: number;
  /** The offset of the subscription; the reader moves it. */
  offset: number;
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

/**
 * Reads `hawser.v1` messages that hold batches, and nothing else of them: a client's codec would build objects, which is
 * not what the benchmark measures. The intervals are checked, so that a batch that is missing is seen.
 */
export class BatchReader {
  #bytes: Uint8Array = new Uint8Array();
  #index = 0;

  /**
   * Calls `onPayload` with the start of each message's data, in order.
   *
   * @returns false, with nothing read, when the first frame is not a batch.
   * @throws Error when a batch does not follow the one before it.
   */
  read(
    bytes: Uint8Array,
    start: number,
    end: number,
    cursor: BatchCursor,
    onPayload: (start: number) => void,
  ): boolean {
    this.#bytes = bytes;
    this.#index = start;
    while (this.#index < end) {
      const frameEnd = this.#varint() + this.#index;
      if (this.#bytes[this.#index] !== tags.frameBatch) return false;
      this.#index += 1;
      this.#varint();
      this.#readBatch(frameEnd, cursor, onPayload);
    }
    return true;
  }

  #readBatch(end: number, cursor: BatchCursor, onPayload: (start: number) => void): void {
    let number = 0;
    let from = 0;
    let to = 0;
    let offset = 0;
    while (this.#index < end) {
      const tag = this.#varint();
      if (tag === tags.batchMessage) {
        if (offset === 0) offset = from;
        const messageEnd = this.#varint() + this.#index;
        offset += this.#readMessage(messageEnd, onPayload);
      } else if (tag === tags.batchNumber) number = this.#varint();
      else if (tag === tags.batchFrom) from = this.#varint();
      else if (tag === tags.batchTo) to = this.#varint();
      else this.#skip(tag);
    }
    if (number !== cursor.number) throw new Error(`a batch of channel ${number} on a subscription to ${cursor.number}`);
    if (from !== cursor.offset)
      throw new Error(`a batch from ${from} where the subscription stood at ${cursor.offset}`);
    if (offset > to) throw new Error(`a message at ${offset} in a batch to ${to}`);
    cursor.offset = to;
  }

  /** The step of the message. */
  #readMessage(end: number, onPayload: (start: number) => void): number {
    let step = 0;
    while (this.#index < end) {
      const tag = this.#varint();
      if (tag === tags.messageStep) step = this.#varint();
      else if (tag === tags.messagePayload) {
        const payloadEnd = this.#varint() + this.#index;
        this.#varint();
        this.#varint();
        onPayload(this.#index);
        this.#index = payloadEnd;
      } else this.#skip(tag);
    }
    return step;
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
