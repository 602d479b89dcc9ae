import type { Timer, Timers } from "@hawser/protocol";
import type { WebSocket } from "ws";
import type { Lease } from "../pool/lease.ts";
import type { UpstreamHandlers, UpstreamSocket } from "./upstream-socket.ts";

export interface WebSocketUpstreamOptions {
  /** Open, and paused. */
  readonly webSocket: WebSocket;
  readonly lease: Lease;
  readonly timers: Timers;
  /** A target that was silent for so long is asked, and after as long again taken for dead. */
  readonly heartbeatMs: number;
}

/** What whoever was connected to a target that is no more is told: come again (RFC 6455's registry of close codes). */
const serviceRestart = 1012;

/** A socket to a WebSocket server behind a pool. */
export class WebSocketUpstream implements UpstreamSocket {
  readonly protocol: string;
  readonly extensions: string;
  readonly #webSocket: WebSocket;
  readonly #lease: Lease;
  readonly #options: WebSocketUpstreamOptions;
  readonly #onDown = (): void => this.#end(serviceRestart, "The server behind is gone.");
  #handlers: UpstreamHandlers | undefined;
  #heartbeat: Timer;
  #heard = true;
  #ended: { readonly code: number; readonly reason: string } | undefined;

  constructor(options: WebSocketUpstreamOptions) {
    const { webSocket, lease } = options;
    this.#options = options;
    this.#webSocket = webSocket;
    this.#lease = lease;
    this.protocol = webSocket.protocol;
    this.extensions = webSocket.extensions;
    webSocket.on("message", (data, binary) => {
      this.#heard = true;
      const bytes = bytesOf(data);
      lease.bytesOut(bytes.length);
      this.#handlers?.onMessage(bytes, !binary);
    });
    webSocket.on("ping", () => (this.#heard = true));
    webSocket.on("pong", () => (this.#heard = true));
    // The close that follows says all there is to say.
    webSocket.on("error", () => {});
    webSocket.on("close", (code, reason) => this.#end(code, reason.toString("utf8")));
    lease.signal.addEventListener("abort", this.#onDown);
    this.#heartbeat = this.#beatLater();
    if (lease.signal.aborted) this.#onDown();
  }

  get handlers(): UpstreamHandlers | undefined {
    return this.#handlers;
  }

  set handlers(handlers: UpstreamHandlers | undefined) {
    this.#handlers = handlers;
    if (this.#ended !== undefined) handlers?.onClose(this.#ended.code, this.#ended.reason);
    else this.#webSocket.resume();
  }

  send(piece: Uint8Array, text: boolean, last: boolean, written: () => void): void {
    if (this.#ended !== undefined) return;
    this.#lease.bytesIn(piece.length);
    this.#webSocket.send(piece, { binary: !text, fin: last }, (error) => {
      if (error === undefined || error === null) written();
    });
  }

  pause(): void {
    this.#webSocket.pause();
  }

  resume(): void {
    this.#webSocket.resume();
  }

  close(code: number | undefined, reason: string): void {
    // Its answer has to be read.
    this.#webSocket.resume();
    if (code === undefined) this.#webSocket.close();
    else this.#webSocket.close(code, reason);
  }

  terminate(): void {
    this.#webSocket.terminate();
  }

  #beatLater(): Timer {
    return this.#options.timers.after(this.#options.heartbeatMs, () => this.#beat());
  }

  /** While reading is paused nothing can be heard, and nobody is taken for dead. */
  #beat(): void {
    if (!this.#heard && !this.#webSocket.isPaused) {
      this.#webSocket.terminate();
      return;
    }
    this.#heard = this.#webSocket.isPaused;
    this.#webSocket.ping();
    this.#heartbeat = this.#beatLater();
  }

  #end(code: number, reason: string): void {
    if (this.#ended !== undefined) return;
    this.#ended = { code, reason };
    this.#heartbeat.cancel();
    this.#lease.signal.removeEventListener("abort", this.#onDown);
    this.#webSocket.terminate();
    this.#lease.end();
    this.#handlers?.onClose(code, reason);
  }
}

/** A message as bytes of its own: `ws` gives views into what was read at once. */
function bytesOf(data: Buffer | ArrayBuffer | Buffer[]): Uint8Array {
  if (Array.isArray(data)) return new Uint8Array(Buffer.concat(data));
  return new Uint8Array(data instanceof ArrayBuffer ? data : Uint8Array.from(data));
}
