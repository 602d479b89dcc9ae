/** Bytes of one frame, written from its front; grows as needed. Numbers are little endian. */
export class ByteWriter {
  #bytes: Buffer;
  #length = 0;

  constructor(sizeHint: number) {
    this.#bytes = Buffer.allocUnsafe(sizeHint);
  }

  byte(value: number): this {
    const at = this.#reserve(1);
    this.#bytes[at] = value;
    return this;
  }

  boolean(value: boolean): this {
    return this.byte(value ? 1 : 0);
  }

  uint32(value: number): this {
    const at = this.#reserve(4);
    this.#bytes.writeUInt32LE(value, at);
    return this;
  }

  float64(value: number): this {
    const at = this.#reserve(8);
    this.#bytes.writeDoubleLE(value, at);
    return this;
  }

  /** An integer from 0 to 2^53 - 1, in 1 to 8 bytes. */
  varint(value: number): this {
    let rest = value;
    while (rest >= 128) {
      this.byte((rest % 128) + 128);
      rest = Math.floor(rest / 128);
    }
    return this.byte(rest);
  }

  /** UTF-8, behind its length. */
  text(value: string): this {
    const size = Buffer.byteLength(value);
    this.varint(size);
    const at = this.#reserve(size);
    this.#bytes.write(value, at, "utf8");
    return this;
  }

  /** The bytes, behind their number. */
  bytes(value: Uint8Array): this {
    return this.varint(value.byteLength).raw(value);
  }

  /** The bytes as they are. */
  raw(value: Uint8Array): this {
    const at = this.#reserve(value.byteLength);
    this.#bytes.set(value, at);
    return this;
  }

  /** What was written. The writer is not used after it. */
  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Where the next bytes go. It may put larger bytes in place of `#bytes`, which must therefore be read after it. */
  #reserve(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.byteLength) {
      const grown = Buffer.allocUnsafe(Math.max(this.#length, this.#bytes.byteLength * 2));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    return at;
  }
}
