import type { Timer, Timers } from "@hawser/protocol";
import type { RawData, WebSocket } from "ws";
import type { RelayLink, RelayLinkHandlers } from "./relay-link.ts";

/** Bytes that wait in this process for a link, past which no more is made for it. */
const fullBytes = 1_048_576;

/** The largest message of a link: both its ends belong to the service. */
export const maxRelayMessageBytes = 134_217_728;

/** A link over a WebSocket that is open; asks now and then whether the other side is there. */
export class WsRelayLink implements RelayLink {
  #handlers: RelayLinkHandlers | undefined;
  readonly #socket: WebSocket;
  readonly #timers: Timers;
  readonly #heartbeatMs: number;
  #beat: Timer | undefined;
  #heard = true;
  #full = false;

  constructor(socket: WebSocket, timers: Timers, heartbeatMs: number) {
    this.#socket = socket;
    this.#timers = timers;
    this.#heartbeatMs = heartbeatMs;
    // What comes with the handshake waits until somebody listens.
    socket.pause();
    socket.on("message", (data: RawData, binary: boolean) => {
      this.#heard = true;
      // `nodebuffer`, the default, is one buffer for each message.
      const message = data as Buffer;
      if (binary) this.handlers?.onFrames(message);
      else this.handlers?.onWord(message.toString("utf8"));
    });
    socket.on("pong", () => (this.#heard = true));
    // What went wrong is followed by the close, which says all that there is to do.
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#beat?.cancel();
      this.handlers?.onClose();
    });
    this.#schedule();
  }

  get handlers(): RelayLinkHandlers | undefined {
    return this.#handlers;
  }

  set handlers(handlers: RelayLinkHandlers | undefined) {
    this.#handlers = handlers;
    this.#socket.resume();
  }

  get full(): boolean {
    this.#full = this.#socket.bufferedAmount >= fullBytes;
    return this.#full;
  }

  sendFrames(message: Uint8Array): void {
    this.#send(message);
  }

  sendWord(word: string): void {
    this.#send(word);
  }

  close(): void {
    this.#socket.terminate();
  }

  #send(data: Uint8Array | string): void {
    this.#socket.send(data, () => {
      if (!this.#full || this.#socket.bufferedAmount >= fullBytes / 2) return;
      this.#full = false;
      this.handlers?.onRoom();
    });
  }

  #schedule(): void {
    this.#beat = this.#timers.after(this.#heartbeatMs, () => {
      if (!this.#heard) return this.#socket.terminate();
      this.#heard = false;
      if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping();
      this.#schedule();
    });
  }
}
