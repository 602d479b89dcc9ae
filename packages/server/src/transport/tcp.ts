import type { Duplex } from "node:stream";
import { abnormalClosure, assert, closeCodes, FrameSplitter, HawserError } from "@hawser/protocol";
import type { Codec, PongFrame, ReceivedFrame, Timer, Timers } from "@hawser/protocol";
import { FrameMarks } from "./frame-marks.ts";
import { tcpFraming } from "./tcp-framing.ts";
import type { Framing, Transport, TransportHandlers } from "./transport.ts";

/** Pieces that are smaller than this in all are copied into one, which is cheaper than a vectored write. */
const copyBelowBytes = 4_096;

type State =
  | { readonly kind: "open" }
  /** `told`: the handlers know already. */
  | {
      readonly kind: "closing";
      readonly code: number;
      readonly reason: string;
      readonly deadline: Timer;
      readonly told: boolean;
    }
  | { readonly kind: "closed" };

export interface TcpTransportOptions {
  readonly codec: Codec;
  readonly timers: Timers;
  readonly maxMessageBytes: number;
  /** Bytes that may wait in this process for the socket; past it the connection is cut. */
  readonly maxUnsentBytes: number;
  /** For what was written, and the peer's end, after `close`. */
  readonly closeTimeoutMs: number;
}

/**
 * A connection over a stream of bytes, such as a TCP or TLS socket behind its preamble. What WebSockets have control
 * frames for is said in frames of the protocol: `ping` carries a mark, `close` the code of the end.
 *
 * No error of the socket leaves this class: each ends in `onClose`.
 */
export class TcpTransport implements Transport {
  readonly framing: Framing = tcpFraming;
  handlers: TransportHandlers | undefined;
  readonly #socket: Duplex;
  readonly #options: TcpTransportOptions;
  readonly #frames: FrameSplitter;
  readonly #marks = new FrameMarks();
  #state: State = { kind: "open" };
  #paused = false;
  #sentBytes = 0;

  constructor(socket: Duplex, options: TcpTransportOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#frames = new FrameSplitter(options.codec.binary, options.maxMessageBytes);
    socket.on("data", (chunk: Uint8Array) => this.#onData(chunk));
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#onEnd());
  }

  write(pieces: readonly Uint8Array[], marked = false): void {
    if (this.#state.kind !== "open") return;
    // The `ping` of the mark goes out with the pieces: a write of its own would cost as much.
    if (marked) this.#socket.cork();
    this.#put(pieces);
    if (this.#socket.writableLength > this.#options.maxUnsentBytes) this.terminate();
  }

  mark(id: number): void {
    if (this.#state.kind !== "open") return;
    const { codec } = this.#options;
    this.#put([codec.encode({ type: "ping", nonce: this.#marks.issue(id, this.#sentBytes) })]);
    // Each mark ends what `write` held back for it, and without such a write does nothing.
    this.#socket.uncork();
  }

  confirm(frame: PongFrame | ReceivedFrame): boolean {
    if (frame.type === "received" && frame.bytes > this.#sentBytes) return false;
    const id = frame.type === "pong" ? this.#marks.answered(frame.nonce) : this.#marks.reached(frame.bytes);
    if (id !== undefined) this.handlers?.onConfirmed(id);
    return true;
  }

  pause(): void {
    if (this.#paused || this.#state.kind !== "open") return;
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#deliver();
    if (!this.#paused) this.#socket.resume();
  }

  close(code: number, reason: string): void {
    this.#close(code, reason, false);
  }

  terminate(): void {
    this.#socket.destroy();
  }

  #close(code: number, reason: string, told: boolean): void {
    if (this.#state.kind !== "open") return;
    const { codec, timers, closeTimeoutMs } = this.#options;
    this.#put([codec.encode({ type: "close", code, reason })]);
    const deadline = timers.after(closeTimeoutMs, () => this.#socket.destroy());
    this.#state = { kind: "closing", code, reason, deadline, told };
    this.#socket.uncork();
    this.#socket.end();
    // What still comes is read and dropped: the end of the peer would not be seen otherwise.
    this.#socket.resume();
  }

  #put(pieces: readonly Uint8Array[]): void {
    const [first, second] = pieces;
    if (first === undefined) return;
    let bytes = 0;
    for (const piece of pieces) bytes += piece.length;
    this.#sentBytes += bytes;
    const socket = this.#socket;
    if (second === undefined) socket.write(first);
    else if (bytes <= copyBelowBytes) socket.write(Buffer.concat(pieces));
    else {
      socket.cork();
      for (const piece of pieces) socket.write(piece);
      socket.uncork();
    }
  }

  #onData(chunk: Uint8Array): void {
    if (this.#state.kind !== "open") return;
    // Part of a frame is a sign of life too: a long one may take its time.
    this.handlers?.onAlive();
    this.#frames.push(chunk);
    this.#deliver();
  }

  /** A handler may pause in the middle, or close: what is left waits, or is dropped. */
  #deliver(): void {
    while (!this.#paused && this.#state.kind === "open") {
      let frame: Uint8Array | undefined;
      try {
        frame = this.#frames.next();
      } catch (error) {
        assert(error instanceof HawserError, "a stream of frames fails as the specification says");
        return this.#fail(error);
      }
      if (frame === undefined) return;
      this.handlers?.onMessage(ownBytes(frame), this.#options.codec.binary);
    }
  }

  /** Nothing more will come that could be read, which is told at once. */
  #fail(error: HawserError): void {
    const tooBig = error.code === "message-too-large";
    const code = tooBig ? closeCodes.messageTooBig : closeCodes.frameMalformed;
    this.#close(code, error.message, true);
    this.handlers?.onClose(code, error.message);
  }

  #onEnd(): void {
    const state = this.#state;
    if (state.kind === "closed") return;
    this.#state = { kind: "closed" };
    if (state.kind === "closing") state.deadline.cancel();
    const { code, reason, told } =
      state.kind === "closing" ? state : { code: abnormalClosure, reason: "", told: false };
    if (!told) this.handlers?.onClose(code, reason);
  }
}

/** Kept longer than the turn, a small frame would hold the whole chunk that it came in: then it is copied. */
function ownBytes(frame: Uint8Array): Uint8Array {
  return frame.buffer.byteLength > 2 * frame.length ? new Uint8Array(frame) : frame;
}
