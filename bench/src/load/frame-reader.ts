/** What a WebSocket frame of a server holds. Servers that are measured send whole messages, one a frame. */
export interface FrameHandlers {
  /** `bytes[start..end)` is the payload of a text or binary frame; valid only during the call. */
  onData(bytes: Buffer, start: number, end: number): void;
  onPing(payload: Buffer): void;
  onClose(code: number): void;
}

const opcodes = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/**
 * Cuts a stream of bytes into WebSocket frames (RFC 6455 section 5.2) with as little work as possible: the same reader
 * for every server that is measured, so that none pays for a client library.
 */
export class FrameReader {
  readonly #handlers: FrameHandlers;
  #pending: Buffer | undefined;

  constructor(handlers: FrameHandlers) {
    this.#handlers = handlers;
  }

  /** Takes the next bytes. `chunk` is not kept: what is left over is copied. */
  read(chunk: Buffer): void {
    const bytes = this.#pending === undefined ? chunk : Buffer.concat([this.#pending, chunk]);
    const rest = this.#readFrames(bytes);
    if (rest === bytes.length) this.#pending = undefined;
    else if (bytes === chunk) this.#pending = Buffer.from(chunk.subarray(rest));
    else this.#pending = bytes.subarray(rest);
  }

  /** The index behind the last whole frame. */
  #readFrames(bytes: Buffer): number {
    const length = bytes.length;
    let index = 0;
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
      if (end > length) return index;
      this.#handle(first, bytes, start, end);
      index = end;
    }
    return index;
  }

  #handle(first: number, bytes: Buffer, start: number, end: number): void {
    if ((first & 0xf0) !== 0x80)
      throw new Error(`frame 0x${first.toString(16)}: fragments and extensions are not read`);
    const opcode = first & 0x0f;
    if (opcode === opcodes.binary || opcode === opcodes.text) this.#handlers.onData(bytes, start, end);
    else if (opcode === opcodes.ping) this.#handlers.onPing(Buffer.from(bytes.subarray(start, end)));
    else if (opcode === opcodes.close) this.#handlers.onClose(end - start >= 2 ? bytes.readUInt16BE(start) : 1005);
    else if (opcode !== opcodes.pong) throw new Error(`unknown opcode ${opcode}`);
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
