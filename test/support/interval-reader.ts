import { connect } from "node:net";
import type { Socket } from "node:net";
import { protobufCodec } from "@hawser/protocol";
import type { ClientFrame } from "@hawser/protocol";

export interface IntervalReaderOptions {
  readonly port: number;
  readonly channel: string;
  readonly token: string;
  /** The subscription went on through this offset. */
  readonly onInterval: (from: number, to: number) => void;
  readonly onFailure: (error: Error) => void;
}

/** What all readers read into; each read is used up before the next one begins. */
const readBuffer = Buffer.allocUnsafeSlow(256 * 1024);
/** The header of a WebSocket frame and, behind it, all fields of a batch that stand before its messages. */
const headBytes = 64;

/** Field numbers of `spec/hawser.proto`, with the wire type in the low three bits. */
const tags = { batch: (1 << 3) | 2, from: 4 << 3, to: 5 << 3 } as const;

/**
 * A subscriber in a few hundred bytes: reads the interval of each batch, checks that it joins on to the one before, and
 * skips the messages. Hundreds of them can be read in one process beside what is to be tested. The bytes of messages are
 * for others to check.
 */
export class IntervalReader {
  readonly #options: IntervalReaderOptions;
  readonly #socket: Socket;
  readonly #subscribed: Promise<void>;
  #onSubscribed: () => void = () => {};
  #state: "handshake" | "replies" | "batches" = "handshake";
  #handshake = "";
  #head = Buffer.alloc(headBytes);
  #headLength = 0;
  /** Bytes of the current frame that are still to be skipped. */
  #skip = 0;
  #offset = 0;
  #closed = false;

  constructor(options: IntervalReaderOptions) {
    this.#options = options;
    this.#subscribed = new Promise((resolve) => {
      this.#onSubscribed = resolve;
    });
    this.#socket = connect({
      port: options.port,
      host: "127.0.0.1",
      noDelay: true,
      onread: { buffer: readBuffer, callback: (size) => this.#read(readBuffer.subarray(0, size)) },
    });
    this.#socket.on("error", (error) => this.#fail(error));
    this.#socket.on("close", () => this.#fail(new Error("the server closed the connection")));
    this.#socket.write(
      `GET /hawser HTTP/1.1\r\nHost: 127.0.0.1:${options.port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\n" +
        `Sec-WebSocket-Protocol: ${protobufCodec.subprotocol}\r\n\r\n`,
    );
  }

  /** The offset through which batches have come. */
  get offset(): number {
    return this.#offset;
  }

  /** Resolves when the server will send every message from now on. */
  subscribed(): Promise<void> {
    return this.#subscribed;
  }

  close(): void {
    this.#closed = true;
    this.#socket.destroy();
  }

  #read(chunk: Buffer): boolean {
    try {
      const at = this.#state === "handshake" ? this.#readHandshake(chunk) : 0;
      this.#readFrames(chunk, at);
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
    return true;
  }

  #readHandshake(chunk: Buffer): number {
    const before = this.#handshake.length;
    this.#handshake += chunk.toString("latin1");
    const end = this.#handshake.indexOf("\r\n\r\n");
    if (end === -1) return chunk.length;
    if (!this.#handshake.startsWith("HTTP/1.1 101 ")) throw new Error(`handshake refused: ${this.#handshake}`);
    this.#state = "replies";
    const { token, channel } = this.#options;
    this.#send({ type: "connect", token, session: "", agent: "interval-reader" });
    const none = new Uint8Array();
    this.#send({
      type: "subscribe",
      id: 1,
      channel,
      generation: 1,
      position: undefined,
      last: 0,
      credit: 0,
      grant: none,
    });
    return end + 4 - before;
  }

  #readFrames(chunk: Buffer, start: number): void {
    let at = start;
    while (at < chunk.length) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, chunk.length - at);
        this.#skip -= skipped;
        at += skipped;
        continue;
      }
      const copied = chunk.copy(this.#head, this.#headLength, at, at + headBytes - this.#headLength);
      const used = this.#readHead(this.#headLength + copied);
      if (used === undefined) {
        this.#headLength += copied;
        return;
      }
      at += used - this.#headLength;
      this.#headLength = 0;
    }
  }

  /** Reads the frame at whose start the head stands; how much of the head it took, or `undefined` when more is needed. */
  #readHead(length: number): number | undefined {
    const head = this.#head;
    if (length < 2) return undefined;
    const short = head[1]!;
    const headerBytes = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (length < headerBytes) return undefined;
    const size = short < 126 ? short : short === 126 ? head.readUInt16BE(2) : Number(head.readBigUInt64BE(2));
    const wanted = Math.min(headerBytes + size, headBytes);
    if (length < wanted) return undefined;
    this.#onFrame(head[0]! & 0x0f, head.subarray(headerBytes, wanted), size);
    this.#skip = headerBytes + size - wanted;
    return wanted;
  }

  #onFrame(opcode: number, start: Buffer, size: number): void {
    if (opcode === 9) this.#socket.write(masked(10, start));
    else if (opcode === 8) throw new Error(`closed with ${start.readUInt16BE(0)} ${start.toString("utf8", 2)}`);
    else if (opcode !== 2) throw new Error(`a frame of opcode ${opcode}`);
    else if (this.#state === "batches") this.#onBatch(start);
    else if (size <= start.length) this.#onReplies(start);
    // `connected` is longer than the head, and says nothing that counts here.
  }

  #onReplies(message: Buffer): void {
    for (const frame of protobufCodec.decodeServer(Uint8Array.from(message))) {
      if (frame.type === "error") throw new Error(`${frame.code}: ${frame.message}`);
      if (frame.type !== "subscribed") continue;
      this.#offset = frame.offset;
      this.#state = "batches";
      this.#onSubscribed();
    }
  }

  /** One message holds one batch, whose numbers stand before its messages. */
  #onBatch(bytes: Buffer): void {
    let at = 0;
    const varint = (): number => {
      let value = 0;
      let scale = 1;
      for (;;) {
        const byte = bytes[at++]!;
        value += (byte & 0x7f) * scale;
        if (byte < 0x80) return value;
        scale *= 128;
      }
    };
    varint();
    if (varint() !== tags.batch) throw new Error(`a frame that is no batch: ${bytes.toString("hex")}`);
    varint();
    let from = 0;
    let to = 0;
    // Fields with varints come first; the first with a length ends them.
    for (let tag = varint(); at < bytes.length && (tag & 7) === 0; tag = varint()) {
      const value = varint();
      if (tag === tags.from) from = value;
      else if (tag === tags.to) to = value;
    }
    if (from !== this.#offset) throw new Error(`a batch from ${from} where the reader stood at ${this.#offset}`);
    this.#offset = to;
    this.#options.onInterval(from, to);
  }

  #send(frame: ClientFrame): void {
    this.#socket.write(masked(2, protobufCodec.encode(frame)));
  }

  #fail(error: Error): void {
    if (this.#closed) return;
    this.close();
    this.#options.onFailure(error);
  }
}

/** A short frame of a client, with a mask of zeros. */
function masked(opcode: number, payload: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}
