import { WireError } from "./wire-error.ts";

/** Reads what a `ByteWriter` wrote. Throws {@link WireError} instead of reading past the end. */
export class ByteReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get done(): boolean {
    return this.#at === this.#bytes.byteLength;
  }

  byte(): number {
    return this.#bytes.readUInt8(this.#take(1));
  }

  boolean(): boolean {
    const value = this.byte();
    if (value > 1) throw new WireError(`${value} is neither true nor false`);
    return value === 1;
  }

  uint32(): number {
    return this.#bytes.readUInt32LE(this.#take(4));
  }

  float64(): number {
    return this.#bytes.readDoubleLE(this.#take(8));
  }

  varint(): number {
    let value = 0;
    let unit = 1;
    for (let count = 0; count < 8; count += 1) {
      const byte = this.byte();
      value += (byte % 128) * unit;
      if (byte < 128) {
        if (!Number.isSafeInteger(value)) break;
        return value;
      }
      unit *= 128;
    }
    throw new WireError("a number is above 2^53 - 1");
  }

  /** A byte order mark is kept; what is not UTF-8 becomes U+FFFD. */
  text(): string {
    const size = this.varint();
    const at = this.#take(size);
    return this.#bytes.toString("utf8", at, at + size);
  }

  /** A view of bytes that stand behind their number. */
  bytes(): Uint8Array {
    const size = this.varint();
    const at = this.#take(size);
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + at, size);
  }

  /** Fails unless all was read. */
  end(): void {
    if (!this.done) throw new WireError("a frame is longer than what it says");
  }

  #take(count: number): number {
    const at = this.#at;
    if (at + count > this.#bytes.byteLength) throw new WireError("a frame is cut short");
    this.#at = at + count;
    return at;
  }
}
