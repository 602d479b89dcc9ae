import { connect } from "node:net";
import type { Socket } from "node:net";
import type { OnData } from "./dialect.ts";
import { clientFrame, FrameReader } from "./frame-reader.ts";
import type { TwinReader } from "./frame-reader.ts";

export interface RawConnectionOptions {
  readonly port: number;
  readonly path: string;
  /** `Sec-WebSocket-Protocol`; "" for none. */
  readonly subprotocol: string;
  readonly onData: OnData;
  /** Takes the frames that it knows; `onData` gets the others. */
  readonly twins: TwinReader | undefined;
  /** Compression is offered, as browsers do; then data frames of so many bytes or more must be compressed. Default: it is not. */
  readonly compressedFrom?: number | undefined;
  /** Behind the frames of each read of so many bytes. */
  readonly onRead: (bytes: number) => void;
  /** The connection ended although nobody asked it to. */
  readonly onFailure: (error: Error) => void;
}

/** What all connections read into. Each read is used up before the next one begins. */
const readBuffer = Buffer.allocUnsafeSlow(256 * 1024);

/** A WebSocket client on a bare socket: the handshake, and frames as cheap as they can be read. */
export class RawConnection {
  readonly #options: RawConnectionOptions;
  readonly #socket: Socket;
  readonly #reader: FrameReader;
  readonly #opened: Promise<void>;
  #onOpen: (() => void) | undefined;
  #handshake = "";
  #ended = false;

  constructor(options: RawConnectionOptions) {
    this.#options = options;
    const handlers = {
      onData: options.onData,
      onPing: (payload: Buffer) => void this.#socket.write(clientFrame("pong", payload)),
      onClose: (code: number) => this.#fail(new Error(`the server closed with ${code}`)),
    };
    this.#reader = new FrameReader(handlers, options.twins, options.compressedFrom);
    this.#opened = new Promise((resolve) => {
      this.#onOpen = resolve;
    });
    this.#socket = connect({
      port: options.port,
      host: "127.0.0.1",
      noDelay: true,
      onread: { buffer: readBuffer, callback: (size) => this.#read(readBuffer.subarray(0, size)) },
    });
    this.#socket.on("error", (error) => this.#fail(error));
    this.#socket.on("close", () => this.#fail(new Error("the server closed the connection")));
    this.#socket.write(upgradeRequest(options));
  }

  /** Resolves when the server has accepted the handshake. */
  opened(): Promise<void> {
    return this.#opened;
  }

  send(opcode: "text" | "binary", payload: Uint8Array): void {
    this.#socket.write(clientFrame(opcode, payload));
  }

  /** Frames that were made by `clientFrame`, in one write. */
  sendFrames(frames: Uint8Array): void {
    this.#socket.write(frames);
  }

  close(): void {
    this.#ended = true;
    this.#socket.destroy();
  }

  #read(chunk: Buffer): boolean {
    try {
      if (this.#onOpen === undefined) this.#reader.read(chunk);
      else this.#readHandshake(chunk);
      this.#options.onRead(chunk.length);
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
    return true;
  }

  #readHandshake(chunk: Buffer): void {
    this.#handshake += chunk.toString("latin1");
    const end = this.#handshake.indexOf("\r\n\r\n");
    if (end === -1) return;
    if (!this.#handshake.startsWith("HTTP/1.1 101 ")) {
      throw new Error(`handshake refused: ${this.#handshake.slice(0, this.#handshake.indexOf("\r\n"))}`);
    }
    if (this.#options.compressedFrom !== undefined && !/server_no_context_takeover/.test(this.#handshake))
      throw new Error("the server does not compress each message by itself");
    this.#onOpen?.();
    this.#onOpen = undefined;
    const rest = this.#handshake.slice(end + 4);
    if (rest !== "") this.#reader.read(Buffer.from(rest, "latin1"));
  }

  #fail(error: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#socket.destroy();
    this.#options.onFailure(error);
  }
}

function upgradeRequest({ port, path, subprotocol, compressedFrom }: RawConnectionOptions): string {
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    // Any 16 bytes do: these connections do not defend against caches.
    "Sec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==",
  ];
  if (subprotocol !== "") lines.push(`Sec-WebSocket-Protocol: ${subprotocol}`);
  if (compressedFrom !== undefined)
    lines.push("Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_max_window_bits");
  return `${lines.join("\r\n")}\r\n\r\n`;
}
