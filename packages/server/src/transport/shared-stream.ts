import { abnormalClosure, closeCodes, streamPrefix } from "@hawser/protocol";
import { Marks } from "./marks.ts";
import type { Framing, Transport, TransportHandlers } from "./transport.ts";

/** Messages of a stream stay bare, so that all streams of all shared connections have the same bytes of a block. */
const sharedStreamFraming: Framing = { name: "shared-stream", headroomBytes: 0, frame: (message) => message };

/** What a stream asks of the connection that carries it. */
export interface Carrier {
  /** The message behind the prefix, with the next write of the connection. */
  send(prefix: Uint8Array, message: Uint8Array): void;
  mark(stream: number, mark: Uint8Array): void;
  /** The stream has ended on this side: its number is free of it, and the peer is told. */
  end(stream: number, code: number, reason: string): void;
  /** So many bytes more (or fewer) are held for paused streams. */
  hold(bytes: number): void;
  /** Whether so many bytes more may be held (SHARE-10). */
  mayHold(bytes: number): boolean;
}

/** One stream of a shared connection: to the node's core a connection like any other (SHARE-3). */
export class SharedStream implements Transport {
  readonly framing: Framing = sharedStreamFraming;
  handlers: TransportHandlers | undefined;
  readonly number: number;
  readonly #carrier: Carrier;
  readonly #prefix: Uint8Array;
  readonly #marks = new Marks();
  #open = true;
  #paused = false;
  /** What came while reading was paused. */
  #held: Uint8Array[] = [];

  constructor(number: number, carrier: Carrier) {
    this.number = number;
    this.#carrier = carrier;
    this.#prefix = streamPrefix(number);
  }

  write(pieces: readonly Uint8Array[]): void {
    if (!this.#open) return;
    for (const piece of pieces) this.#carrier.send(this.#prefix, piece);
  }

  mark(id: number): void {
    if (this.#open) this.#carrier.mark(this.number, this.#marks.issue(id));
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    // A handler may pause again in the middle, or end the stream: what is left stays held, or is dropped.
    while (!this.#paused) {
      const message = this.#held.shift();
      if (message === undefined) return;
      this.#carrier.hold(-message.length);
      this.handlers?.onMessage(message, true);
    }
  }

  close(code: number, reason: string): void {
    if (!this.#open) return;
    this.#leave();
    this.#carrier.end(this.number, code, reason);
  }

  terminate(): void {
    this.close(abnormalClosure, "");
  }

  /** A message of the peer's. What a paused stream cannot hold ends it (SHARE-10). */
  take(message: Uint8Array): void {
    if (!this.#open) return;
    if (!this.#paused) {
      this.handlers?.onMessage(message, true);
    } else if (this.#carrier.mayHold(message.length)) {
      this.#held.push(message);
      this.#carrier.hold(message.length);
    } else {
      const reason = "Messages came faster than this stream takes them.";
      this.close(closeCodes.rateLimited, reason);
      this.handlers?.onClose(closeCodes.rateLimited, reason);
    }
  }

  /** The peer's answer to a mark. False when no such mark is open. */
  answered(mark: Uint8Array): boolean {
    const id = this.#marks.confirm(mark);
    if (id === undefined) this.handlers?.onAlive();
    else this.handlers?.onConfirmed(id);
    return id !== undefined;
  }

  /** The peer ended it, or the connection beneath is gone. */
  ended(code: number, reason: string): void {
    if (!this.#open) return;
    this.#leave();
    this.handlers?.onClose(code, reason);
  }

  #leave(): void {
    this.#open = false;
    this.#carrier.hold(-this.#held.reduce((sum, message) => sum + message.length, 0));
    this.#held = [];
  }
}
