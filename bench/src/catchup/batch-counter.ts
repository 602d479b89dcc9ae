/** Field numbers of `spec/hawser.proto`, with wire type 2 (length) or 0 (varint) in the low three bits. */
const tags = {
  frameBatch: (1 << 3) | 2,
  batchFrom: 4 << 3,
  batchTo: 5 << 3,
  batchMessage: (7 << 3) | 2,
  messageStep: 1 << 3,
} as const;

/**
 * Counts the messages of `hawser.v1` batches and holds their intervals together, without a look at what they say: a client's
 * codec would build objects, which is not what the benchmark measures.
 */
export class BatchCounter {
  #bytes: Uint8Array = new Uint8Array();
  #index = 0;
  /** Everything at or below it was received. */
  #offset = 0;
  #messages = 0;

  get offset(): number {
    return this.#offset;
  }

  get messages(): number {
    return this.#messages;
  }

  /** From where the subscription goes on. */
  begin(offset: number): void {
    this.#offset = offset;
    this.#messages = 0;
  }

  /**
   * @returns false, with nothing counted, when the first frame is not a batch.
   * @throws Error when a batch does not join on, or an offset is left out.
   */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    this.#bytes = bytes;
    this.#index = start;
    while (this.#index < end) {
      const frameEnd = this.#varint() + this.#index;
      if (this.#varint() !== tags.frameBatch) return false;
      this.#varint();
      this.#readBatch(frameEnd);
    }
    return true;
  }

  #readBatch(end: number): void {
    let offset = this.#offset;
    while (this.#index < end) {
      const tag = this.#varint();
      const value = this.#varint();
      if (tag === tags.batchFrom && value !== this.#offset) {
        throw new Error(`a batch from ${value} where the subscription stood at ${this.#offset}`);
      }
      if (tag === tags.batchTo) this.#offset = value;
      if (tag === tags.batchMessage) {
        const messageEnd = this.#index + value;
        if (this.#varint() !== tags.messageStep || this.#varint() !== 1) throw new Error(`no message ${offset + 1}`);
        this.#index = messageEnd;
        offset += 1;
        this.#messages += 1;
      } else if ((tag & 7) === 2) this.#index += value;
    }
    if (offset !== this.#offset) throw new Error(`a batch to ${this.#offset} ends with message ${offset}`);
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
