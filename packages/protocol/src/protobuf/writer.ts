import { assert } from "../errors.ts";
import { encodeText } from "../text.ts";

const initialBytes = 4096;
/** A larger buffer serves one frame only: it is not kept for the next, and may be given away with the frame. */
const keptBytes = 65_536;
/** Up to this length a loop beats the platform's encoder, which makes an array for each string. */
const shortString = 64;

/**
 * Writes protobuf from the end to the start: what a length stands for is written before the length, so one pass writes
 * exact bytes, without sizing first. The caller writes the last field first.
 */
export class Writer {
  /** What every frame begins in. */
  #kept = new Uint8Array(initialBytes);
  /** `#kept`, or a larger one if this frame needs it. */
  #buffer = this.#kept;
  /** The offset of the first byte that was written. */
  #at = initialBytes;

  /** How many bytes were written: taken before a nested message's fields, and given to `nested` behind them. */
  get length(): number {
    return this.#buffer.length - this.#at;
  }

  /** Starts anew, whatever an encoding before left. */
  start(): void {
    this.#buffer = this.#kept;
    this.#at = this.#buffer.length;
  }

  /**
   * What was written, with `headroomBytes` in front of it whose content is not defined. It belongs to the caller: a large
   * frame is not copied, but goes with the buffer that was made for it.
   */
  finish(headroomBytes = 0): Uint8Array {
    if (this.#at < headroomBytes) this.#grow(headroomBytes);
    const from = this.#at - headroomBytes;
    const buffer = this.#buffer;
    if (buffer === this.#kept || from > buffer.length / 8) return buffer.slice(from);
    this.start();
    return buffer.subarray(from);
  }

  /** An integer from 0 to 2^53 - 1. */
  varint(value: number): void {
    if (value < 0x80 && value >= 0) {
      if (this.#at === 0) this.#grow(1);
      this.#buffer[--this.#at] = value;
      return;
    }
    assert(Number.isSafeInteger(value) && value >= 0, `${value} is not an integer from 0 to 2^53 - 1`);
    let size = 2;
    for (let rest = value; rest >= 0x4000; rest /= 0x80) size++;
    if (this.#at < size) this.#grow(size);
    const buffer = this.#buffer;
    let at = (this.#at -= size);
    while (value > 0x7fffffff) {
      buffer[at++] = (value % 0x80) | 0x80;
      value = Math.floor(value / 0x80);
    }
    while (value >= 0x80) {
      buffer[at++] = (value & 0x7f) | 0x80;
      value >>>= 7;
    }
    buffer[at] = value;
  }

  bytes(bytes: Uint8Array): void {
    const size = bytes.length;
    if (this.#at < size) this.#grow(size);
    this.#at -= size;
    this.#buffer.set(bytes, this.#at);
  }

  /** A field with an integer; left out when it is 0. */
  uintField(tag: number, value: number): void {
    if (value === 0) return;
    this.varint(value);
    this.varint(tag);
  }

  /** A field with text; left out when it is empty. */
  stringField(tag: number, text: string): void {
    if (text !== "") this.string(tag, text);
  }

  /** A field with text, even when it is empty: an element of a list. */
  string(tag: number, text: string): void {
    const before = this.length;
    if (text.length > shortString || !this.#ascii(text)) this.bytes(encodeText(text));
    this.nested(tag, before);
  }

  /** A field with bytes, even when it is empty. */
  bytesField(tag: number, bytes: Uint8Array): void {
    this.bytes(bytes);
    this.varint(bytes.length);
    this.varint(tag);
  }

  /** Puts length and tag ahead of what was written since `length` was `before`. */
  nested(tag: number, before: number): void {
    this.varint(this.length - before);
    this.varint(tag);
  }

  /** Whether all of `text` was ASCII and is written; else nothing is. */
  #ascii(text: string): boolean {
    let index = text.length;
    if (this.#at < index) this.#grow(index);
    const buffer = this.#buffer;
    let at = this.#at;
    while (index > 0) {
      const code = text.charCodeAt(--index);
      if (code > 0x7f) return false;
      buffer[--at] = code;
    }
    this.#at = at;
    return true;
  }

  #grow(size: number): void {
    const used = this.length;
    let capacity = this.#buffer.length * 2;
    while (capacity < used + size) capacity *= 2;
    // One payload that outweighs all that was written: what is still to come is little, and doubling would waste half.
    if (capacity > keptBytes && size >= this.#buffer.length) capacity = used + size + initialBytes;
    const larger = new Uint8Array(capacity);
    larger.set(this.#buffer.subarray(this.#at), capacity - used);
    if (capacity <= keptBytes) this.#kept = larger;
    this.#buffer = larger;
    this.#at = capacity - used;
  }
}
