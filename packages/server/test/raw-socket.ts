import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import type { Socket } from "node:net";

/** A frame that a server sent. */
export interface RawFrame {
  readonly opcode: number;
  readonly payload: Buffer;
}

export interface FrameOptions {
  readonly opcode?: number;
  /** The final fragment. Default true. */
  readonly final?: boolean;
  /** Default true, as RFC 6455 asks of clients. */
  readonly masked?: boolean;
  /** The three reserved bits. Default 0. */
  readonly reserved?: number;
  /** What the header says of the length, whatever the payload has. */
  readonly claimedLength?: bigint;
}

/** The bytes of one frame as a client sends it, or as none should. */
export function clientFrame(payload: string | Uint8Array, options: FrameOptions = {}): Buffer {
  const data = Buffer.from(typeof payload === "string" ? Buffer.from(payload) : payload);
  const { opcode = typeof payload === "string" ? 1 : 2, final = true, masked = true, reserved = 0 } = options;
  const length = options.claimedLength ?? BigInt(data.length);
  const first = (final ? 0x80 : 0) | (reserved << 4) | opcode;
  const maskBit = masked ? 0x80 : 0;
  let header: Buffer;
  if (length < 126n) header = Buffer.from([first, maskBit | Number(length)]);
  else if (length < 65_536n) {
    header = Buffer.from([first, maskBit | 126, 0, 0]);
    header.writeUInt16BE(Number(length), 2);
  } else {
    header = Buffer.from([first, maskBit | 127, 0, 0, 0, 0, 0, 0, 0, 0]);
    header.writeBigUInt64BE(length, 2);
  }
  if (!masked) return Buffer.concat([header, data]);
  const mask = randomBytes(4);
  return Buffer.concat([header, mask, data.map((byte, index) => byte ^ mask[index % 4]!)]);
}

/** A TCP socket on which a test writes any bytes, and waits for what comes back. */
export class RawSocket {
  readonly socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #ended = false;
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#ended = true;
      this.#wake();
    });
  }

  static async to(url: string): Promise<RawSocket> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname.replace(/[[\]]/g, ""));
    socket.setNoDelay(true);
    const raw = new RawSocket(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    return raw;
  }

  /** A socket whose handshake was answered with 101. */
  static async upgraded(url: string, subprotocol = "hawser.v1.json"): Promise<RawSocket> {
    const raw = await RawSocket.to(url);
    raw.write(handshake(url, { "sec-websocket-protocol": subprotocol }));
    const status = await raw.status();
    if (status !== 101) throw new Error(`The handshake was answered with ${status}.`);
    return raw;
  }

  write(bytes: string | Uint8Array): void {
    this.socket.write(bytes);
  }

  /** Sends a text message. */
  say(message: unknown): void {
    this.write(clientFrame(JSON.stringify(message)));
  }

  /** Waits for `read` to find what it looks for in what has come; `undefined` at the end of the socket. */
  async #find<T>(
    read: (received: Buffer) => { readonly value: T; readonly rest: Buffer } | undefined,
  ): Promise<T | undefined> {
    for (;;) {
      const found = read(this.#received);
      if (found !== undefined) {
        this.#received = found.rest;
        return found.value;
      }
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The status of the HTTP answer, whose head is taken; 0 when the socket ended without one. */
  async status(): Promise<number> {
    const head = await this.head();
    return head === undefined ? 0 : Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0);
  }

  /** The head of the HTTP answer. */
  async head(): Promise<string | undefined> {
    return this.#find((received) => {
      const end = received.indexOf("\r\n\r\n");
      if (end < 0) return undefined;
      return { value: received.subarray(0, end).toString("latin1"), rest: received.subarray(end + 4) };
    });
  }

  /** The next frame of the server, or `undefined` when the socket ended. */
  async frame(): Promise<RawFrame | undefined> {
    return this.#find((received) => {
      if (received.length < 2) return undefined;
      const short = received[1]! & 0x7f;
      const headerLength = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (received.length < headerLength) return undefined;
      const length =
        short < 126 ? short : short === 126 ? received.readUInt16BE(2) : Number(received.readBigUInt64BE(2));
      if (received.length < headerLength + length) return undefined;
      return {
        value: { opcode: received[0]! & 0x0f, payload: received.subarray(headerLength, headerLength + length) },
        rest: received.subarray(headerLength + length),
      };
    });
  }

  /** The next message of the server as JSON frames; pings are skipped. Fails when the connection closes first. */
  async message(): Promise<Record<string, unknown>[]> {
    for (;;) {
      const frame = await this.frame();
      if (frame === undefined || frame.opcode === 8) throw new Error(`closed: ${frame?.payload.toString("utf8")}`);
      if (frame.opcode === 1)
        return frame.payload
          .toString("utf8")
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line) as Record<string, unknown>);
    }
  }

  /** Reads on until the server closes. The code is 1006 when no close frame came. */
  async closed(): Promise<{ readonly code: number; readonly reason: string; readonly texts: readonly string[] }> {
    const texts: string[] = [];
    for (;;) {
      const frame = await this.frame();
      if (frame === undefined) return { code: 1006, reason: "", texts };
      if (frame.opcode === 8) {
        this.write(clientFrame(frame.payload, { opcode: 8 }));
        return { code: frame.payload.readUInt16BE(0), reason: frame.payload.subarray(2).toString("utf8"), texts };
      }
      if (frame.opcode <= 2) texts.push(frame.payload.toString("utf8"));
    }
  }

  /** When the socket has ended. */
  async ended(): Promise<void> {
    await this.#find(() => undefined);
  }

  destroy(): void {
    this.socket.destroy();
  }
}

/** The request of a handshake; a header that is `undefined` is left out. */
export function handshake(url: string, headers: Readonly<Record<string, string | undefined>> = {}): string {
  const { host, pathname, search } = new URL(url);
  const all: Record<string, string | undefined> = {
    host,
    upgrade: "websocket",
    connection: "Upgrade",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    "sec-websocket-version": "13",
    "sec-websocket-protocol": "hawser.v1.json",
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]));
  return `GET ${pathname}${search} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`;
}

/** The HTTP status of a handshake with these headers. */
export async function handshakeStatus(
  url: string,
  headers: Readonly<Record<string, string | undefined>> = {},
): Promise<number> {
  const raw = await RawSocket.to(url);
  raw.write(handshake(url, headers));
  const status = await raw.status();
  raw.destroy();
  return status;
}
