/** The least room that is made. */
const leastBytes = 256;

/**
 * The bytes of a message that comes in pieces, copied together as they come: a view of each would hold the whole of what it was
 * received with, and cost more than a small piece has bytes.
 */
export class JoinedPieces {
  #bytes = new Uint8Array();
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(piece: Uint8Array): void {
    const length = this.#length + piece.length;
    if (length > this.#bytes.length) {
      const room = new Uint8Array(Math.max(leastBytes, length, 2 * this.#bytes.length));
      room.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = room;
    }
    this.#bytes.set(piece, this.#length);
    this.#length = length;
  }

  /** The whole; from here on it is another message. */
  take(): Uint8Array {
    const whole = this.#bytes.subarray(0, this.#length);
    this.clear();
    return whole;
  }

  clear(): void {
    this.#bytes = new Uint8Array();
    this.#length = 0;
  }
}
