import { constants, inflateRawSync } from "node:zlib";
import type { Twin } from "./measured-channel.ts";

/** What a WebSocket frame of a server holds. Servers that are measured send whole messages, one a frame. */
export interface FrameHandlers {
  /**
   * `bytes[start..end)` is the payload of a text or binary frame, inflated if it was compressed, `frame` all of it as it came; valid
   * only during the call.
   */
  onData(bytes: Buffer, start: number, end: number, frame: Buffer): void;
  onPing(payload: Buffer): void;
  onClose(code: number): void;
}

/**
 * Knows the frames that other subscribers got already. A server sends the same to all, so each frame is read with care
 * once, and the others are compared with it, which costs the load next to nothing and is as strict.
 */
export interface TwinReader {
  /**
   * The frames that may be the one whose payload is `bytes[start..end)`, of which a part may not be there yet, and of which
   * nothing can be read where it is `compressed`.
   */
  candidates(bytes: Buffer, start: number, end: number, compressed: boolean): readonly Twin[];
  /** The frame that came was equal to `twin`. */
  take(twin: Twin): void;
}

/** The message is compressed by itself (RFC 7692, sections 6 and 7.2.2). */
const compressedBit = 0x40;
const trailer = Uint8Array.of(0, 0, 0xff, 0xff);

const opcodes = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/**
 * Cuts a stream of bytes into WebSocket frames (RFC 6455 section 5.2) with as little work as possible: the same reader
 * for every server that is measured, so that none pays for a client library.
 */
export class FrameReader {
  readonly #handlers: FrameHandlers;
  readonly #twins: TwinReader | undefined;
  readonly #compressedFrom: number;
  #pending: Buffer | undefined;
  /** Of a frame that is under way the first `equal` bytes were those of `twin`. */
  #under: { readonly twin: Twin; readonly equal: number } | undefined;

  /** @param compressedFrom - Data frames of so many bytes or more must have been compressed. Default: none may be. */
  constructor(handlers: FrameHandlers, twins?: TwinReader, compressedFrom = Number.POSITIVE_INFINITY) {
    this.#handlers = handlers;
    this.#twins = twins;
    this.#compressedFrom = compressedFrom;
  }

  /** Takes the next bytes. `chunk` is not kept: what is left over is copied. */
  read(chunk: Buffer): void {
    let bytes = chunk;
    let index = 0;
    if (this.#under !== undefined) {
      const { twin, equal } = this.#under;
      this.#under = undefined;
      const read = this.#compare(twin, equal, chunk, 0);
      if (read === undefined) bytes = Buffer.concat([twin.bytes.subarray(0, equal), chunk]);
      else index = read;
    } else if (this.#pending !== undefined) bytes = Buffer.concat([this.#pending, chunk]);
    this.#pending = undefined;
    const rest = this.#readFrames(bytes, index);
    if (rest === bytes.length) return;
    this.#pending = bytes === chunk ? Buffer.from(chunk.subarray(rest)) : bytes.subarray(rest);
  }

  /** The index behind the last frame that needs no byte of what is read here any more. */
  #readFrames(bytes: Buffer, from: number): number {
    const length = bytes.length;
    let index = from;
    while (length - index >= 2) {
      const first = bytes[index]!;
      let start = index + 2;
      let size = bytes[index + 1]!;
      if (size > 127) throw new Error("a server must not mask its frames");
      if (size === 126) {
        if (length - index < 4) return index;
        size = bytes.readUInt16BE(index + 2);
        start = index + 4;
      } else if (size === 127) {
        if (length - index < 10) return index;
        size = Number(bytes.readBigUInt64BE(index + 2));
        start = index + 10;
      }
      const end = start + size;
      const compared = this.#readTwin(bytes, index, start, end);
      if (compared !== undefined) {
        index = compared;
        continue;
      }
      if (end > length) return index;
      this.#handle(first, bytes, start, end, index);
      index = end;
    }
    return index;
  }

  /** The index behind what is equal to a frame that is known; `undefined` if none is equal to what is there of it. */
  #readTwin(bytes: Buffer, frame: number, start: number, end: number): number | undefined {
    const twins = this.#twins;
    if (twins === undefined || start >= bytes.length) return undefined;
    const compressed = (bytes[frame]! & compressedBit) !== 0;
    for (const twin of twins.candidates(bytes, start, Math.min(end, bytes.length), compressed)) {
      if (twin.bytes.length !== end - frame) continue;
      const read = this.#compare(twin, 0, bytes, frame);
      if (read !== undefined) return read;
    }
    return undefined;
  }

  /** Compares what is behind the first `equal` bytes of `twin` with `bytes` from `start` on: the index behind it. */
  #compare(twin: Twin, equal: number, bytes: Buffer, start: number): number | undefined {
    const size = Math.min(twin.bytes.length - equal, bytes.length - start);
    if (twin.bytes.compare(bytes, start, start + size, equal, equal + size) !== 0) return undefined;
    if (equal + size < twin.bytes.length) this.#under = { twin, equal: equal + size };
    else this.#twins!.take(twin);
    return start + size;
  }

  #handle(first: number, bytes: Buffer, start: number, end: number, frame: number): void {
    if ((first & 0xb0) !== 0x80 || this.#isWrongly(first, end - start))
      throw new Error(`frame 0x${first.toString(16)}: fragments are not read, and compressed is what has to be`);
    const opcode = first & 0x0f;
    if (opcode === opcodes.binary || opcode === opcodes.text) this.#data(first, bytes, start, end, frame);
    else if (opcode === opcodes.ping) this.#handlers.onPing(Buffer.from(bytes.subarray(start, end)));
    else if (opcode === opcodes.close) this.#handlers.onClose(end - start >= 2 ? bytes.readUInt16BE(start) : 1005);
    else if (opcode !== opcodes.pong) throw new Error(`unknown opcode ${opcode}`);
  }

  /** A message whose bytes were not made shorter could be one that was not compressed at all. */
  #isWrongly(first: number, size: number): boolean {
    const compressed = (first & compressedBit) !== 0;
    if (this.#compressedFrom === Number.POSITIVE_INFINITY) return compressed;
    return !compressed && (first & 0x0f) <= opcodes.binary && size >= this.#compressedFrom;
  }

  #data(first: number, bytes: Buffer, start: number, end: number, frame: number): void {
    const whole = bytes.subarray(frame, end);
    if ((first & compressedBit) === 0) return this.#handlers.onData(bytes, start, end, whole);
    const message = Buffer.concat([bytes.subarray(start, end), trailer]);
    const inflated = inflateRawSync(message, { finishFlush: constants.Z_SYNC_FLUSH });
    this.#handlers.onData(inflated, 0, inflated.length, whole);
  }
}

/** One masked frame of a client. The mask is zero: it costs the server the same, and the bytes can be read in a trace. */
export function clientFrame(opcode: keyof typeof opcodes, payload: Uint8Array): Buffer {
  const size = payload.length;
  const header = size < 126 ? 2 : size < 65_536 ? 4 : 10;
  const frame = Buffer.alloc(header + 4 + size);
  frame[0] = 0x80 | opcodes[opcode];
  if (header === 2) frame[1] = 0x80 | size;
  else if (header === 4) {
    frame[1] = 0x80 | 126;
    frame.writeUInt16BE(size, 2);
  } else {
    frame[1] = 0x80 | 127;
    frame.writeBigUInt64BE(BigInt(size), 2);
  }
  frame.set(payload, header + 4);
  return frame;
}
