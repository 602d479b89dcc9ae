import type { Timers } from "@hawser/protocol";

/**
 * Gathers the frames of one turn of the event loop into one message, so that many small publishes cost one write. A
 * message never grows past what the peer takes (WIRE-5).
 */
export class FrameWriter {
  readonly #write: (message: Uint8Array) => void;
  readonly #timers: Timers;
  #pieces: Uint8Array[] = [];
  #bytes = 0;
  #scheduled = false;
  /** Until the server has told its limit, the least that a server of this protocol may have. */
  maxMessageBytes = 65_536;

  constructor(timers: Timers, write: (message: Uint8Array) => void) {
    this.#timers = timers;
    this.#write = write;
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
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#timers.soon(() => {
      this.#scheduled = false;
      this.flush();
    });
  }

  /** Writes one encoded frame at once, ahead of those of this turn. */
  addFirst(frame: Uint8Array): void {
    this.#write(frame);
  }

  /** Writes what was gathered, now. */
  flush(): void {
    const [first] = this.#pieces;
    if (first === undefined) return;
    const message = this.#pieces.length === 1 ? first : concatenate(this.#pieces, this.#bytes);
    this.#pieces = [];
    this.#bytes = 0;
    this.#write(message);
  }
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
