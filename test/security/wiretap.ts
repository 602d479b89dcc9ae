import { connect } from "node:net";
import type { Socket } from "node:net";
import type { ClientFrame, Codec, ServerFrame, SubscribeFrame } from "@hawser/protocol";

const none = new Uint8Array();

/** A client on a bare socket that keeps every byte that it ever received. */
export class Wiretap {
  readonly codec: Codec;
  readonly #socket: Socket;
  readonly #chunks: Buffer[] = [];
  readonly #frames: ServerFrame[] = [];
  #unread: Buffer = Buffer.alloc(0);
  #upgraded = false;
  #closed = false;
  #closeCode: number | undefined;
  #nonce = 0;
  #wake: () => void = () => {};

  constructor(port: number, codec: Codec) {
    this.codec = codec;
    this.#socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.#socket.on("data", (chunk) => this.#read(chunk));
    this.#socket.on("error", () => {});
    this.#socket.on("close", () => {
      this.#closed = true;
      this.#wake();
    });
    this.#socket.write(
      `GET /hawser HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\n" +
        `Sec-WebSocket-Protocol: ${codec.subprotocol}\r\n\r\n`,
    );
  }

  /** Every byte, HTTP and frame headers with them. */
  get received(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  /** Every frame, decoded. */
  get frames(): readonly ServerFrame[] {
    return this.#frames;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** The code of the server's close frame, if one came. */
  get closeCode(): number | undefined {
    return this.#closeCode;
  }

  /** Sends frames, all in one message. */
  send(...frames: readonly ClientFrame[]): void {
    const message = Buffer.concat(frames.map((frame) => this.codec.encode(frame)));
    this.#socket.write(masked(this.codec.binary ? 2 : 1, message));
  }

  connect(token: string, session = ""): void {
    this.send({ type: "connect", token, session, agent: "wiretap" });
  }

  async connected(token: string, session = ""): Promise<this> {
    this.connect(token, session);
    await this.first((frame) => frame.type === "connected");
    return this;
  }

  /** The first frame that fits, once it has come; fails when the connection ends without one. */
  async first(fits: (frame: ServerFrame) => boolean): Promise<ServerFrame> {
    for (;;) {
      const found = this.#frames.find(fits);
      if (found !== undefined) return found;
      if (this.#closed) throw new Error(`closed with ${this.#closeCode}: ${JSON.stringify(this.#frames.at(-1))}`);
      await this.#more();
    }
  }

  /** The answer to a request. */
  answer(id: number): Promise<ServerFrame> {
    return this.first((frame) => "id" in frame && frame.id === id);
  }

  /** Resolves when the server has handled what was sent before, and what it had to say to that has come. */
  async settled(): Promise<void> {
    // The second pong comes at least one turn of the server's event loop after what the first one found to be written.
    for (let round = 0; round < 2; round += 1) {
      if (this.#closed) return;
      const nonce = (this.#nonce += 1);
      this.send({ type: "ping", nonce });
      while (!this.#closed && !this.#frames.some((frame) => frame.type === "pong" && frame.nonce === nonce))
        await this.#more();
    }
  }

  /** Resolves at the end of the connection. */
  async ended(): Promise<void> {
    while (!this.#closed) await this.#more();
  }

  end(): void {
    this.#socket.destroy();
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #read(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#unread = Buffer.concat([this.#unread, chunk]);
    if (!this.#upgraded) {
      const end = this.#unread.indexOf("\r\n\r\n");
      if (end === -1) return;
      this.#upgraded = true;
      this.#unread = this.#unread.subarray(end + 4);
    }
    while (this.#readFrame());
    this.#wake();
  }

  #readFrame(): boolean {
    const bytes = this.#unread;
    if (bytes.length < 2) return false;
    const short = bytes[1]!;
    const header = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (bytes.length < header) return false;
    const size = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
    if (bytes.length < header + size) return false;
    const payload = bytes.subarray(header, header + size);
    this.#unread = bytes.subarray(header + size);
    const opcode = bytes[0]! & 0x0f;
    if (opcode === 9) this.#socket.write(masked(10, payload));
    else if (opcode === 8) {
      this.#closeCode = payload.readUInt16BE(0);
      this.#socket.write(masked(8, payload));
    }
    if (opcode < 3) this.#frames.push(...this.codec.decodeServer(Uint8Array.from(payload)));
    return true;
  }
}

/** A `subscribe` with the defaults of the protocol. */
export function subscribe(id: number, channel: string, more: Partial<SubscribeFrame> = {}): SubscribeFrame {
  return {
    type: "subscribe",
    id,
    channel,
    generation: 1,
    position: undefined,
    last: 0,
    credit: 0,
    grant: none,
    ...more,
  };
}

/** All pages of a channel that one can ask for without knowing a position. */
export function history(id: number, channel: string): ClientFrame[] {
  return [
    { type: "history", id, channel, position: undefined, backward: true, limit: 1_000 },
    { type: "history", id: id + 1, channel, position: undefined, backward: false, limit: 1_000 },
  ];
}

/** A frame of a client, with a mask of zeros. */
function masked(opcode: number, payload: Uint8Array): Buffer {
  const { length } = payload;
  const header = Buffer.alloc(length < 126 ? 6 : 8);
  header[0] = 0x80 | opcode;
  header[1] = 0x80 | Math.min(length, 126);
  if (length >= 126) header.writeUInt16BE(length, 2);
  return Buffer.concat([header, payload]);
}
