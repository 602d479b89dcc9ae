/** Thrown by {@link RecordReader}, and by the decoders, when bytes are not the record that they should be. */
export class RecordError extends Error {
  override readonly name = "RecordError";
}

/** A byte order mark is a character like any other here. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Reads what a `RecordWriter` wrote. Throws {@link RecordError} instead of reading past the end. */
export class RecordReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get done(): boolean {
    return this.#at === this.#bytes.byteLength;
  }

  byte(): number {
    return this.#view.getUint8(this.#take(1));
  }

  uint32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  float64(): number {
    return this.#view.getFloat64(this.#take(8), true);
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
    throw new RecordError("a number is above 2^53 - 1");
  }

  /** A view of the next bytes. */
  bytes(count: number): Uint8Array {
    const at = this.#take(count);
    return this.#bytes.subarray(at, at + count);
  }

  /** Passes over the next bytes. */
  skip(count: number): void {
    this.#take(count);
  }

  /** Text behind its length in bytes. */
  text(): string {
    const length = this.varint();
    return length === 0 ? "" : decoder.decode(this.bytes(length));
  }

  #take(count: number): number {
    const at = this.#at;
    if (at + count > this.#bytes.byteLength) throw new RecordError("the record is cut short");
    this.#at = at + count;
    return at;
  }
}
