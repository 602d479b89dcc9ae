import type { Payload } from "../message.ts";
import { malformed } from "../malformed.ts";
import { strictTextOf } from "../text.ts";

/** Up to this length a loop beats the platform's decoder. */
const shortString = 24;

/** Makes a payload of the data that a frame carries, or finds it malformed. */
export type ProvePayload = (kind: "text" | "json", data: Uint8Array) => Payload;

/** Reads protobuf from `at` to `end`; whatever would pass `end` is malformed. */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #prove: ProvePayload;
  #at = 0;
  #end: number;

  constructor(bytes: Uint8Array, prove: ProvePayload) {
    this.#bytes = bytes;
    this.#prove = prove;
    this.#end = bytes.length;
  }

  /** Whether something is left of the message that was entered last. */
  get more(): boolean {
    return this.#at < this.#end;
  }

  /** Reads a length and narrows the reader to that many bytes. The answer is for `leave`. */
  enter(): number {
    const outer = this.#end;
    this.#end = this.#past(this.uint());
    return outer;
  }

  /** Goes on with the outer message, behind the inner one. */
  leave(outer: number): void {
    this.#at = this.#end;
    this.#end = outer;
  }

  /** A varint of at most 10 bytes; above 2^53 - 1 it is malformed (WIRE-6). */
  uint(): number {
    const bytes = this.#bytes;
    const end = this.#end;
    let at = this.#at;
    let value = 0;
    for (let scale = 1, last = at + 10; at < last && at < end; scale *= 0x80) {
      const byte = bytes[at++]!;
      if (byte < 0x80) {
        value += byte * scale;
        // What passed 2^53 on the way was rounded, but never to below it.
        if (value > Number.MAX_SAFE_INTEGER) malformed("has an integer above 2^53 - 1");
        this.#at = at;
        return value;
      }
      value += (byte & 0x7f) * scale;
    }
    malformed("has an integer that does not end");
  }

  /** As `uint`; above 2^32 - 1 it is malformed. */
  uint32(): number {
    const value = this.uint();
    if (value > 0xffffffff) malformed("has a 32-bit integer above 2^32 - 1");
    return value;
  }

  /** Zigzag: 0, -1, 1, -2, ... */
  sint(): number {
    const value = this.uint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** A field's number and wire type. */
  tag(): number {
    const tag = this.uint32();
    if (tag < 8) malformed("has a field with the number 0");
    return tag;
  }

  /** Bytes behind their length: shared with the input, not copied. */
  data(): Uint8Array {
    const end = this.#past(this.uint());
    const data = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return data;
  }

  /** Whether the bytes behind the next length are these: then they are passed over, without a view of them. */
  passes(same: Uint8Array): boolean {
    const bytes = this.#bytes;
    const length = same.length;
    const at = this.#at + 1;
    // Above 127 the length has more bytes than one.
    if (bytes[this.#at] !== length || length > 127 || at + length > this.#end) return false;
    for (let index = 0; index < length; index++) if (bytes[at + index] !== same[index]) return false;
    this.#at = at + length;
    return true;
  }

  /** A payload that is text or JSON. */
  payload(kind: "text" | "json"): Payload {
    return this.#prove(kind, this.data());
  }

  string(): string {
    const length = this.uint();
    const end = this.#past(length);
    if (length <= shortString) {
      let text = "";
      for (let at = this.#at; ; at++) {
        if (at === end) {
          this.#at = end;
          return text;
        }
        const byte = this.#bytes[at]!;
        if (byte > 0x7f) break;
        text += String.fromCharCode(byte);
      }
    }
    const text = strictTextOf(this.#bytes.subarray(this.#at, end));
    this.#at = end;
    return text ?? malformed("has a string that is not UTF-8");
  }

  /** Passes over a field that is not known (WIRE-4). */
  skip(tag: number): void {
    switch (tag & 7) {
      case 0:
        this.#skipVarint();
        return;
      case 1:
        this.#at = this.#past(8);
        return;
      case 2:
        this.#at = this.#past(this.uint());
        return;
      case 5:
        this.#at = this.#past(4);
        return;
      default:
        malformed("has a field of a wire type that is not in use");
    }
  }

  /** One that is not known may be above 2^53 - 1. */
  #skipVarint(): void {
    const last = this.#at + 10;
    while (this.#at < last && this.#at < this.#end) if (this.#bytes[this.#at++]! < 0x80) return;
    malformed("has an integer that does not end");
  }

  #past(length: number): number {
    if (length > this.#end - this.#at) malformed("ends before a length that it promised");
    return this.#at + length;
  }
}
