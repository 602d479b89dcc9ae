import { connect as connectTcp } from "node:net";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { ConnectionOptions } from "node:tls";
import {
  abnormalClosure,
  closeCodes,
  FrameSplitter,
  HawserError,
  jsonCodec,
  protobufClientCodec,
  systemPorts,
} from "@hawser/protocol";
import type { ClientCodec, Timers } from "@hawser/protocol";
import type { Connector, Transport, TransportHandlers } from "../transport/transport.ts";

/** How TCP connections are made. */
export interface TcpConnectorOptions {
  /**
   * For `tls://` addresses, whatever `tls.connect` takes beside host and port: `ca`, or `key` and `cert` of the client.
   * Default: certificates of the authorities that the platform trusts.
   */
  readonly tls?: ConnectionOptions;
}

/** A frame of a server has no limit of its own; one above this is no frame that a server of ours sends. */
const maxFrameBytes = 64 * 1024 * 1024;
/** For what was sent, and for the server's end, after `close`. */
const closeTimeoutMs = 5_000;

/**
 * Connects by TCP (`tcp://host:port`) or TLS (`tls://host:port`): the same frames without HTTP, where a server listens for
 * them. For Node, Bun and Deno.
 *
 * @example
 * createClient({ url: "tls://hawser.internal:7420", connector: tcpConnector(), token });
 */
export function tcpConnector(options: TcpConnectorOptions = {}): Connector {
  return {
    name: "tcp",
    connect(url, subprotocol, handlers) {
      const { host, port, secure } = addressOf(url);
      // An address has no server name (RFC 6066, section 3).
      const name = /^[\d.]+$|:/.test(host) ? {} : { servername: host };
      const socket = secure ? connectTls({ ...name, ...options.tls, host, port }) : connectTcp({ host, port });
      return new TcpTransport(socket, secure ? "secureConnect" : "connect", subprotocol, handlers);
    },
  };
}

class TcpTransport implements Transport {
  readonly #socket: Socket;
  readonly #codec: ClientCodec;
  readonly #frames: FrameSplitter;
  readonly #handlers: TransportHandlers;
  readonly #timers: Timers = systemPorts().timers;
  #state: "opening" | "open" | "closing" | "closed" = "opening";
  /** What went wrong with the socket, in the platform's words. */
  #reason = "";

  constructor(socket: Socket, opened: string, subprotocol: string, handlers: TransportHandlers) {
    this.#socket = socket;
    this.#codec = subprotocol === jsonCodec.subprotocol ? jsonCodec : protobufClientCodec;
    this.#frames = new FrameSplitter(this.#codec.binary, maxFrameBytes);
    this.#handlers = handlers;
    socket.setNoDelay(true);
    socket.on(opened, () => this.#onOpened());
    socket.on("data", (chunk: Uint8Array) => this.#onData(chunk));
    socket.on("error", (error) => {
      this.#reason = error.message;
      socket.destroy();
    });
    socket.on("close", () => this.#end(abnormalClosure, this.#reason));
  }

  get bufferedBytes(): number {
    return this.#socket.writableLength;
  }

  send(message: Uint8Array): void {
    if (this.#state === "open") this.#socket.write(message);
  }

  close(code: number, reason: string): void {
    if (this.#state === "opening") this.#socket.destroy();
    if (this.#state !== "open") return;
    this.#state = "closing";
    const socket = this.#socket;
    socket.end(this.#codec.encode({ type: "close", code, reason }));
    // The end of the other side would not be seen otherwise.
    socket.resume();
    const deadline = this.#timers.after(closeTimeoutMs, () => socket.destroy());
    socket.once("close", () => deadline.cancel());
  }

  #onOpened(): void {
    if (this.#state !== "opening") return;
    this.#state = "open";
    // The server answers the preamble with nothing: if it does not speak the subprotocol, its `close` says so.
    this.#socket.write(`${this.#codec.subprotocol}\n`);
    this.#handlers.onOpen(this.#codec.subprotocol);
  }

  #onData(chunk: Uint8Array): void {
    if (this.#state !== "open") return;
    this.#frames.push(chunk);
    for (let frame = this.#next(); frame !== undefined; frame = this.#next()) this.#handlers.onMessage(frame);
  }

  /** The next frame, unless the one before has closed the connection. */
  #next(): Uint8Array | undefined {
    if (this.#state !== "open") return undefined;
    try {
      return this.#frames.next();
    } catch (error) {
      if (!(error instanceof HawserError)) throw error;
      this.#socket.destroy();
      const tooBig = error.code === "message-too-large";
      this.#end(tooBig ? closeCodes.messageTooBig : closeCodes.frameMalformed, error.message);
      return undefined;
    }
  }

  #end(code: number, reason: string): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#handlers.onClose(code, reason);
  }
}

function addressOf(address: string): { readonly host: string; readonly port: number; readonly secure: boolean } {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const secure = url?.protocol === "tls:";
  if (url === undefined || !(secure || url.protocol === "tcp:") || url.hostname === "" || url.port === "") {
    throw new HawserError(
      "option-invalid",
      `"${address}" is not an address such as tcp://host:7420 or tls://host:7420`,
    );
  }
  return { host: url.hostname.replace(/^\[(.*)\]$/, "$1"), port: Number(url.port), secure };
}
