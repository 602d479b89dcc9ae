/** Field numbers of `spec/hawser.proto`, with wire type 2 (length) or 0 (varint) in the low three bits. */
const tags = { framePublished: (3 << 3) | 2, id: 1 << 3, following: 5 << 3 } as const;

/**
 * Reads `hawser.v1` messages that hold `published` frames, and nothing else of them: a client's codec would build objects,
 * which is not what the benchmark measures.
 */
export class AcknowledgementReader {
  #bytes: Uint8Array = new Uint8Array();
  #index = 0;
  #last = 0;

  /**
   * The number that is acknowledged last: each client's are answered in order.
   *
   * @returns `undefined` when the message holds another frame.
   * @throws Error when one is missing, or comes twice.
   */
  read(bytes: Uint8Array, start: number, end: number): number | undefined {
    this.#bytes = bytes;
    this.#index = start;
    while (this.#index < end) {
      const frameEnd = this.#varint() + this.#index;
      if (this.#varint() !== tags.framePublished) return undefined;
      this.#varint();
      this.#readPublished(frameEnd);
    }
    return this.#last;
  }

  #readPublished(end: number): void {
    let id = 0;
    let following = 0;
    while (this.#index < end) {
      const tag = this.#varint();
      const value = this.#varint();
      if (tag === tags.id) id = value;
      else if (tag === tags.following) following = value;
    }
    if (id !== this.#last + 1) throw new Error(`acknowledgement ${id} where ${this.#last + 1} was next`);
    this.#last = id + following;
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
