import type { ProxyLease } from "../proxy/pool-port.ts";
import type { UpstreamHandlers, UpstreamSocket } from "../upstream/upstream-socket.ts";

/** A socket to a target of a pool: counted there, and ended when the target is gone. */
export class LeasedSocket implements UpstreamSocket {
  readonly #socket: UpstreamSocket;
  readonly #lease: ProxyLease;
  #handlers: UpstreamHandlers | undefined;
  #terminated = false;
  readonly #onDown = (): void => this.#cut();

  constructor(socket: UpstreamSocket, lease: ProxyLease) {
    this.#socket = socket;
    this.#lease = lease;
    lease.signal.addEventListener("abort", this.#onDown);
  }

  get protocol(): string {
    return this.#socket.protocol;
  }

  get extensions(): string {
    return this.#socket.extensions;
  }

  get handlers(): UpstreamHandlers | undefined {
    return this.#handlers;
  }

  set handlers(handlers: UpstreamHandlers | undefined) {
    this.#handlers = handlers;
    this.#socket.handlers = {
      onMessage: (data, text) => {
        this.#lease.countOut(data.length, 1);
        this.#handlers?.onMessage(data, text);
      },
      onClose: (code, reason) => {
        this.#lease.signal.removeEventListener("abort", this.#onDown);
        // Without a close frame, and not by our own will.
        this.#lease.end(
          code === 1006 && !this.#terminated ? new Error("The target ended without a close frame.") : undefined,
        );
        this.#handlers?.onClose(code, reason);
      },
    };
    if (this.#lease.signal.aborted) this.#onDown();
  }

  send(piece: Uint8Array, text: boolean, last: boolean, written: () => void): void {
    this.#lease.countIn(piece.length, last ? 1 : 0);
    this.#socket.send(piece, text, last, written);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(code: number | undefined, reason: string): void {
    this.#socket.close(code, reason);
  }

  /** Also of a socket that nobody took. */
  terminate(): void {
    if (this.#handlers === undefined) this.handlers = { onMessage: () => {}, onClose: () => {} };
    this.#cut();
  }

  #cut(): void {
    this.#terminated = true;
    this.#socket.terminate();
  }
}
