import type { Timers } from "@hawser/protocol";

/** How soon a transport that is full is looked at again: WebSockets do not tell when what they hold has gone. */
const pollMs = 5;

/** Where messages go. */
export interface MessageSink {
  /** Bytes that were written and have not left for the network. */
  readonly bufferedBytes: number;
  write(message: Uint8Array): void;
}

/**
 * Gathers the frames of one turn of the event loop into one message, so that many small publishes cost one write. A
 * message never grows past what the peer takes (WIRE-5). What can wait is asked for when the turn ends, as far as the
 * transport is not full: what it holds cannot be overtaken any more.
 */
export class FrameWriter {
  /** Until the server has told its limit, the least that a server of this protocol may have. */
  maxMessageBytes = 65_536;
  /** Adds what can wait, as long as there is room. Answers whether more waits for room. */
  fill = (): boolean => false;
  readonly #sink: MessageSink;
  readonly #timers: Timers;
  readonly #maxBufferedBytes: number;
  #pieces: Uint8Array[] = [];
  #bytes = 0;
  #scheduled = false;

  constructor(timers: Timers, maxBufferedBytes: number, sink: MessageSink) {
    this.#timers = timers;
    this.#maxBufferedBytes = maxBufferedBytes;
    this.#sink = sink;
  }

  /** Whether what can wait may be added. */
  get hasRoom(): boolean {
    return this.#sink.bufferedBytes + this.#bytes < this.#maxBufferedBytes;
  }

  /** Whether a frame of so many bytes can be sent at all. */
  takes(bytes: number): boolean {
    return bytes <= this.maxMessageBytes;
  }

  /** Puts one encoded frame behind those of this turn. */
  add(frame: Uint8Array): void {
    if (this.#bytes + frame.length > this.maxMessageBytes) this.flush();
    this.#pieces.push(frame);
    this.#bytes += frame.length;
    this.wake();
  }

  /** Writes when this turn ends. */
  wake(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#timers.soon(this.#endTurn);
  }

  /** Writes one encoded frame at once, ahead of those of this turn. */
  addFirst(frame: Uint8Array): void {
    this.#sink.write(frame);
  }

  /** Writes what was gathered, now. */
  flush(): void {
    const [first] = this.#pieces;
    if (first === undefined) return;
    const message = this.#pieces.length === 1 ? first : concatenate(this.#pieces, this.#bytes);
    this.#pieces = [];
    this.#bytes = 0;
    this.#sink.write(message);
  }

  #endTurn = (): void => {
    const isFull = this.fill();
    this.#scheduled = false;
    this.flush();
    if (!isFull) return;
    if (this.hasRoom) return this.wake();
    this.#scheduled = true;
    this.#timers.after(pollMs, this.#endTurn);
  };
}

function concatenate(pieces: readonly Uint8Array[], bytes: number): Uint8Array {
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
