import { WireError } from "./wire-error.ts";

/** What stands before a frame: its length, without these bytes. */
export const lengthBytes = 4;

/**
 * Cuts a stream of bytes into frames. It keeps what has come of a frame, and no more than twice that: a length that was
 * announced makes no room.
 */
export class FrameSplitter {
  /** The largest frame that it takes, without its length. */
  maxFrameBytes: number;
  readonly #chunks: Uint8Array[] = [];
  /** Bytes of the first chunk that were taken. */
  #taken = 0;
  /** The beginning of a frame that came in pieces, with its length; as much of it as was filled. */
  #partial = new Uint8Array(0);
  #filled = 0;

  constructor(maxFrameBytes: number) {
    this.maxFrameBytes = maxFrameBytes;
  }

  push(chunk: Uint8Array): void {
    if (chunk.byteLength > 0) this.#chunks.push(chunk);
  }

  /** The next frame, a view of what came or a copy; `undefined` while it is not whole. Throws {@link WireError} for one that is too long. */
  next(): Uint8Array | undefined {
    for (let chunk = this.#chunks[0]; chunk !== undefined; chunk = this.#chunks[0]) {
      const frame = this.#filled === 0 ? this.#wholeIn(chunk) : undefined;
      if (frame !== undefined) return frame;
      this.#fill(chunk);
      const whole = this.#whole();
      if (whole !== undefined) return whole;
    }
    return undefined;
  }

  /** Forgets what it has. */
  clear(): void {
    this.#chunks.length = 0;
    this.#taken = 0;
    this.#filled = 0;
    this.#partial = new Uint8Array(0);
  }

  /** A frame that lies in one chunk: no copy. */
  #wholeIn(chunk: Uint8Array): Uint8Array | undefined {
    const left = chunk.byteLength - this.#taken;
    if (left < lengthBytes) return undefined;
    const start = this.#taken + lengthBytes;
    const end = start + this.#checked(lengthAt(chunk, this.#taken));
    if (end > chunk.byteLength) return undefined;
    this.#advance(chunk, end - this.#taken);
    return chunk.subarray(start, end);
  }

  /** Takes as much of the chunk as the frame that has begun still lacks. */
  #fill(chunk: Uint8Array): void {
    const size = this.#filled < lengthBytes ? lengthBytes : lengthBytes + lengthAt(this.#partial, 0);
    const part = chunk.subarray(this.#taken, this.#taken + size - this.#filled);
    const needed = this.#filled + part.byteLength;
    if (needed > this.#partial.byteLength) {
      const grown = new Uint8Array(Math.min(size, Math.max(needed, this.#partial.byteLength * 2)));
      grown.set(this.#partial.subarray(0, this.#filled));
      this.#partial = grown;
    }
    this.#partial.set(part, this.#filled);
    this.#filled = needed;
    this.#advance(chunk, part.byteLength);
    if (size === lengthBytes && needed === lengthBytes) this.#checked(lengthAt(this.#partial, 0));
  }

  #whole(): Uint8Array | undefined {
    if (this.#filled < lengthBytes || this.#filled < lengthBytes + lengthAt(this.#partial, 0)) return undefined;
    const frame = this.#partial.subarray(lengthBytes, this.#filled);
    this.#partial = new Uint8Array(0);
    this.#filled = 0;
    return frame;
  }

  #advance(chunk: Uint8Array, count: number): void {
    this.#taken += count;
    if (this.#taken < chunk.byteLength) return;
    this.#chunks.shift();
    this.#taken = 0;
  }

  #checked(length: number): number {
    if (length === 0 || length > this.maxFrameBytes) throw new WireError(`a frame of ${length} bytes`);
    return length;
  }
}

function lengthAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! + bytes[at + 1]! * 2 ** 8 + bytes[at + 2]! * 2 ** 16 + bytes[at + 3]! * 2 ** 24;
}
