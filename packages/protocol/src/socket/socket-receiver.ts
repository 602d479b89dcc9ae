import { pieceCost } from "./socket-piece.ts";
import type { SocketPiece } from "./socket-piece.ts";

/**
 * What becomes of a piece (SOCK-6): `old` and `gap` are dropped; of one that is `taken`, `piece` is what the receiver had
 * not; `violated`: the sender broke SOCK-7 or SOCK-9, and the socket ends.
 */
export type SocketReception =
  | { readonly kind: "old" | "gap" | "violated" }
  | { readonly kind: "taken"; readonly piece: SocketPiece };

/** What the sender is told (SOCK-8). */
export interface SocketWindow {
  readonly received: number;
  readonly credit: number;
}

/**
 * The receiving end of one stream of a virtual socket: the one rule (SOCK-6), and the credit that it gives (SOCK-7). It
 * keeps no bytes: what it takes is handed on at once, and what was handed on and not `consumed` is bounded by the window.
 */
export class SocketReceiver {
  readonly #windowBytes: number;
  #offset = 0;
  #consumed = 0;
  #told: SocketWindow;
  #closed = false;

  /** @param windowBytes - How far the sender may be ahead of what was consumed; at least 64. */
  constructor(windowBytes: number) {
    this.#windowBytes = windowBytes;
    this.#told = { received: 0, credit: windowBytes };
  }

  /** Through which offset it has everything. */
  get offset(): number {
    return this.#offset;
  }

  /** Whether the close has come. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Cost of what was taken and not consumed. */
  get unconsumed(): number {
    return this.#offset - this.#consumed;
  }

  /** Whether the sender does not know how far it has come, or how far it may go. */
  get untold(): boolean {
    return this.#offset > this.#told.received || this.#consumed + this.#windowBytes > this.#told.credit;
  }

  /** Whether the sender should be told now rather than with the next opportunity: a quarter of the window has moved. */
  get due(): boolean {
    const quarter = this.#windowBytes / 4;
    return (
      this.#closed ||
      this.#offset - this.#told.received >= quarter ||
      this.#consumed + this.#windowBytes - this.#told.credit >= quarter
    );
  }

  /** A piece came. */
  take(piece: SocketPiece): SocketReception {
    const to = piece.from + pieceCost(piece);
    if (to <= this.#offset) return { kind: "old" };
    if (to > this.#told.credit) return { kind: "violated" };
    if (piece.from > this.#offset) return { kind: "gap" };
    const had = this.#offset - piece.from;
    // No piece ends within what a message costs beside its bytes, and nothing comes behind the close.
    if (this.#closed || had > piece.data.length) return { kind: "violated" };
    this.#offset = to;
    if (had === 0) return { kind: "taken", piece };
    return { kind: "taken", piece: { ...piece, from: piece.from + had, data: piece.data.subarray(had) } };
  }

  /** A close came (SOCK-9). */
  takeClose(from: number): "old" | "gap" | "taken" | "violated" {
    if (from < this.#offset) return this.#closed ? "old" : "violated";
    if (from > this.#offset) return "gap";
    if (this.#closed) return "violated";
    this.#closed = true;
    this.#offset += 1;
    this.#consumed += 1;
    return "taken";
  }

  /** So much (of `pieceCost`) of what was taken needs no room any more: the sender may send as much again. */
  consumed(cost: number): void {
    this.#consumed += cost;
  }

  /** What the sender is to be told now; it counts as told. */
  tell(): SocketWindow {
    this.#told = {
      received: this.#offset,
      credit: Math.max(this.#told.credit, this.#consumed + this.#windowBytes),
    };
    return this.#told;
  }
}
