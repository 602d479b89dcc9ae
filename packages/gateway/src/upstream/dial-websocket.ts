import { TLSSocket } from "node:tls";
import type { ConnectionOptions } from "node:tls";
import type { Timer, Timers } from "@hawser/protocol";
import { WebSocket } from "ws";
import { UpstreamRefused } from "../proxy/pool-port.ts";
import type { UpstreamHandlers, UpstreamSocket } from "../upstream/upstream-socket.ts";

export interface DialOptions {
  readonly url: URL;
  readonly protocols: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  /** A larger message ends the socket with 1009. */
  readonly maxMessageBytes: number;
  /** How often the upstream is asked whether it is still there; who has not answered by the next time is lost (1006). */
  readonly heartbeatMs: number;
  readonly timers: Timers;
  /** Whether permessage-deflate is offered. */
  readonly compression: boolean;
  readonly tls: ConnectionOptions | undefined;
  /** A connection stands: TCP, and TLS where it is spoken. */
  readonly onConnect: () => void;
}

/** Opens a WebSocket to a target. Rejects with `UpstreamRefused` for any answer but 101, else with the platform's error. */
export function dialWebSocket(options: DialOptions, signal: AbortSignal): Promise<UpstreamSocket> {
  const { url, protocols, headers, maxMessageBytes, compression, tls, onConnect } = options;
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const webSocket = new WebSocket(url, [...protocols], {
      headers,
      maxPayload: maxMessageBytes,
      perMessageDeflate: compression,
      followRedirects: false,
      finishRequest: (request) => {
        request.once("socket", (socket) =>
          socket.once(socket instanceof TLSSocket ? "secureConnect" : "connect", onConnect),
        );
        request.end();
      },
      ...tls,
    });
    const abort = (): void => webSocket.terminate();
    signal.addEventListener("abort", abort);
    const settle = (): void => signal.removeEventListener("abort", abort);
    webSocket.once("error", (error) => {
      settle();
      reject(error);
    });
    webSocket.once("unexpected-response", (_, response) => {
      settle();
      response.destroy();
      const { statusCode = 0, statusMessage = "", rawHeaders } = response;
      reject(new UpstreamRefused(statusCode, statusMessage, rawHeaders, Buffer.alloc(0)));
    });
    webSocket.once("open", () => {
      settle();
      resolve(new DialedSocket(webSocket, options));
    });
  });
}

/** A WebSocket to a target, as homes see it. */
class DialedSocket implements UpstreamSocket {
  readonly protocol: string;
  readonly extensions: string;
  readonly #webSocket: WebSocket;
  readonly #options: DialOptions;
  #handlers: UpstreamHandlers | undefined;
  #heartbeat: Timer;
  #heard = true;
  #tooLarge = false;

  constructor(webSocket: WebSocket, options: DialOptions) {
    this.#webSocket = webSocket;
    this.#options = options;
    this.protocol = webSocket.protocol;
    this.extensions = webSocket.extensions;
    // Nothing is told before somebody listens.
    webSocket.pause();
    webSocket.on("message", (data: Buffer, binary) => {
      this.#heard = true;
      this.#handlers?.onMessage(data, !binary);
    });
    webSocket.on("pong", () => (this.#heard = true));
    webSocket.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH") this.#tooLarge = true;
    });
    webSocket.on("close", (code, reason) => {
      this.#heartbeat.cancel();
      if (this.#tooLarge) this.#handlers?.onClose(1009, `A message has at most ${options.maxMessageBytes} bytes.`);
      else this.#handlers?.onClose(code, reason.toString());
    });
    this.#heartbeat = options.timers.after(options.heartbeatMs, () => this.#beat());
  }

  get handlers(): UpstreamHandlers | undefined {
    return this.#handlers;
  }

  set handlers(handlers: UpstreamHandlers | undefined) {
    this.#handlers = handlers;
    this.#webSocket.resume();
  }

  send(piece: Uint8Array, text: boolean, last: boolean, written: () => void): void {
    this.#webSocket.send(piece, { binary: !text, fin: last }, () => written());
  }

  pause(): void {
    this.#webSocket.pause();
  }

  resume(): void {
    // What came meanwhile is only heard now.
    this.#heard = true;
    this.#webSocket.resume();
  }

  close(code: number | undefined, reason: string): void {
    // A close frame that waits behind what nobody reads would never be seen.
    this.#webSocket.resume();
    if (code === undefined) this.#webSocket.close();
    else this.#webSocket.close(code, reason);
  }

  terminate(): void {
    this.#webSocket.terminate();
  }

  #beat(): void {
    // One that is not read cannot be heard, either.
    if (!this.#heard && !this.#webSocket.isPaused) return this.#webSocket.terminate();
    this.#heard = false;
    this.#webSocket.ping();
    this.#heartbeat = this.#options.timers.after(this.#options.heartbeatMs, () => this.#beat());
  }
}
