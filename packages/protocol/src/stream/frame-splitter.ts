import { HawserError } from "../errors.ts";
import { skipSpace } from "../json/scanner.ts";
import { malformed } from "../malformed.ts";

const lineFeed = 0x0a;
/** A varint of a length that can be meant has no more bytes (2^35 is above every limit). */
const maxLengthBytes = 5;

/**
 * Cuts a stream of bytes without messages of its own (an HTTP body, a TCP connection) where its frames end: each of
 * `hawser.v1` begins with its length, each of `hawser.v1.json` ends with a line feed (spec section 2). What it keeps is
 * one frame that is not whole yet.
 */
export class FrameSplitter {
  readonly #binary: boolean;
  readonly #maxFrameBytes: number;
  /** What was pushed and not taken is `#bytes` from `#start` to `#end`. What was taken may be looked at by others for good. */
  #bytes: Uint8Array = new Uint8Array(0);
  #start = 0;
  #end = 0;
  /** Of a line: up to here no line feed was found. */
  #searched = 0;

  /**
   * @param binary - As of the codec.
   * @param maxFrameBytes - With the length or the line feed.
   */
  constructor(binary: boolean, maxFrameBytes: number) {
    this.#binary = binary;
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Takes the bytes over. */
  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    if (this.#start === this.#end) {
      this.#place(chunk, 0, chunk.length);
      return;
    }
    const waiting = this.#end - this.#start;
    if (this.#bytes.length - this.#end < chunk.length) {
      const grown = new Uint8Array(Math.max(2 * waiting, waiting + chunk.length));
      grown.set(this.#bytes.subarray(this.#start, this.#end));
      const searched = this.#searched - this.#start;
      this.#place(grown, 0, waiting);
      this.#searched = searched;
    }
    this.#bytes.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /**
   * The next whole frame, with its length or line feed; `undefined` until more is pushed.
   *
   * @throws HawserError `message-too-large`, or `frame-malformed` for a length that none can be.
   */
  next(): Uint8Array | undefined {
    const length = this.#binary ? this.#prefixedLength() : this.#lineLength();
    if ((length ?? this.#end - this.#start) > this.#maxFrameBytes) {
      throw new HawserError("message-too-large", `A frame has at most ${this.#maxFrameBytes} bytes.`);
    }
    if (length === undefined || this.#start + length > this.#end) return undefined;
    const frame = this.#bytes.subarray(this.#start, this.#start + length);
    this.#start += length;
    this.#searched = this.#start;
    return frame;
  }

  /**
   * The stream has ended: the last line, whose line feed may be left out.
   *
   * @throws HawserError `frame-malformed` when it ended within a frame of `hawser.v1`.
   */
  rest(): Uint8Array | undefined {
    if (!this.#binary) this.#skipBlank();
    const rest = this.#bytes.subarray(this.#start, this.#end);
    this.#start = this.#end;
    if (rest.length === 0) return undefined;
    return this.#binary ? malformed("is cut off") : rest;
  }

  #place(bytes: Uint8Array, start: number, end: number): void {
    this.#bytes = bytes;
    this.#start = this.#searched = start;
    this.#end = end;
  }

  /** With the prefix itself; `undefined` while that is not whole. */
  #prefixedLength(): number | undefined {
    let length = 0;
    for (let index = 0; index < maxLengthBytes; index += 1) {
      const at = this.#start + index;
      if (at >= this.#end) return undefined;
      const byte = this.#bytes[at]!;
      length += (byte & 0x7f) * 2 ** (7 * index);
      if (byte < 0x80) return length + index + 1;
    }
    return malformed("has a length that is none");
  }

  #lineLength(): number | undefined {
    this.#skipBlank();
    // Beyond the end lies spare room, which holds zeros or what was never written.
    const found = this.#bytes.subarray(this.#searched, this.#end).indexOf(lineFeed);
    if (found < 0) {
      this.#searched = this.#end;
      return undefined;
    }
    return this.#searched + found + 1 - this.#start;
  }

  /** White space ahead of a line's frame, blank lines with it (WIRE-4): passed over at once, since nothing limits how much comes. */
  #skipBlank(): void {
    this.#start = Math.min(skipSpace(this.#bytes, this.#start), this.#end);
    this.#searched = Math.max(this.#searched, this.#start);
  }
}
