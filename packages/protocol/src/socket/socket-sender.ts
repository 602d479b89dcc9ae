import { assert } from "../errors.ts";
import { pieceCost } from "./socket-piece.ts";
import type { SocketPiece } from "./socket-piece.ts";

/** The end of a stream (SOCK-9). */
export interface SocketClose {
  readonly from: number;
  /** 0: a close without a code. */
  readonly code: number;
  readonly reason: string;
}

/**
 * The sending end of one stream of a virtual socket: keeps what the other end has not confirmed, cuts it in pieces at the
 * last moment, and goes back where a connection was lost (SOCK-5 to SOCK-11).
 */
export class SocketSender {
  /** What is not confirmed, each part at its offset; those below `#first` are confirmed. */
  #parts: SocketPiece[] = [];
  #first = 0;
  #received = 0;
  #end = 0;
  #credit: number;
  /** Where it sends next: a part, and an offset in it. */
  #part = 0;
  #offset = 0;
  /** Through which offset it ever sent; the close counts 1. */
  #sent = 0;
  #close: { readonly code: number; readonly reason: string } | undefined;
  #closeSent = false;
  #unconfirmedBytes = 0;

  /** @param credit - Through which offset it may send, to begin with. */
  constructor(credit: number) {
    this.#credit = credit;
  }

  /** The offset behind all that was given to it. */
  get end(): number {
    return this.#end;
  }

  /** Through which offset the other end has everything. */
  get received(): number {
    return this.#received;
  }

  get credit(): number {
    return this.#credit;
  }

  /** What it keeps, as a cost. */
  get kept(): number {
    return Math.max(0, this.#end - this.#received);
  }

  /** Bytes of messages, without what they cost beside, that the other end has not confirmed. */
  get unconfirmedBytes(): number {
    return this.#unconfirmedBytes;
  }

  /** Whether the other end has all, the close too. */
  get done(): boolean {
    return this.#close !== undefined && this.#received > this.#end;
  }

  /** Whether `close` was called. */
  get closing(): boolean {
    return this.#close !== undefined;
  }

  /** A part of a message, which is kept until it is confirmed: the bytes are the sender's from now on. */
  push(data: Uint8Array, text: boolean, last: boolean): void {
    assert(this.#close === undefined, "nothing is sent behind the close of a stream");
    const part = { from: this.#end, text, last, data };
    if (pieceCost(part) === 0) return;
    this.#parts.push(part);
    this.#end += pieceCost(part);
    this.#unconfirmedBytes += data.length;
  }

  /** Ends the stream behind what was given to it. A second call changes nothing. */
  close(code: number, reason: string): void {
    this.#close ??= { code, reason };
  }

  /** Whether `next` or `takeClose` would give something. */
  get ready(): boolean {
    if (this.#offset === this.#end) return this.#close !== undefined && !this.#closeSent;
    const part = this.#parts[this.#part];
    return part !== undefined && this.#sizeOf(part, Number.MAX_SAFE_INTEGER) !== undefined;
  }

  /** The next piece to send, of at most so many bytes of data (at least 1); `undefined`: nothing that credit allows. */
  next(maxBytes: number): SocketPiece | undefined {
    const part = this.#parts[this.#part];
    if (part === undefined) return undefined;
    const size = this.#sizeOf(part, maxBytes);
    if (size === undefined) return undefined;
    const at = this.#offset - part.from;
    const piece: SocketPiece = {
      from: this.#offset,
      text: part.text,
      last: part.last && at + size.bytes === part.data.length && size.withEnd,
      data: part.data.subarray(at, at + size.bytes),
    };
    this.#offset += pieceCost(piece);
    this.#sent = Math.max(this.#sent, this.#offset);
    if (this.#offset === part.from + pieceCost(part)) this.#part += 1;
    return piece;
  }

  /** The close, once, when all ahead of it was given by `next`. */
  takeClose(): SocketClose | undefined {
    if (this.#close === undefined || this.#closeSent || this.#offset !== this.#end) return undefined;
    this.#closeSent = true;
    this.#sent = this.#end + 1;
    return { from: this.#end, ...this.#close };
  }

  /**
   * The other end has everything through `received`, and takes what lies through `credit`. Old news change nothing.
   *
   * @returns false when that cannot be: more than was ever sent, or a place where no piece ends.
   */
  confirm(received: number, credit: number): boolean {
    if (received > this.#sent) return false;
    this.#credit = Math.max(this.#credit, credit);
    return received <= this.#received || this.#release(received);
  }

  /**
   * The socket is on another connection: sends again what the other end has not. What it names is never taken to be less
   * than what it confirmed, since a confirmation over the connection before may have overtaken it.
   *
   * @returns false when that cannot be, as with `confirm`.
   */
  rewind(received: number, credit: number): boolean {
    if (!this.confirm(received, credit)) return false;
    this.#goTo(this.#received);
    return true;
  }

  /** How much of a part goes out now; `undefined`: credit allows nothing of it. */
  #sizeOf(part: SocketPiece, maxBytes: number): { readonly bytes: number; readonly withEnd: boolean } | undefined {
    const room = this.#credit - this.#offset;
    const rest = part.data.length - (this.#offset - part.from);
    const bytes = Math.max(0, Math.min(rest, maxBytes, room));
    const withEnd = bytes === rest && part.last && pieceCost(part) - part.data.length <= room - bytes;
    return bytes === 0 && !withEnd ? undefined : { bytes, withEnd };
  }

  #release(received: number): boolean {
    for (; this.#first < this.#parts.length; this.#first += 1) {
      const part = this.#parts[this.#first]!;
      const has = received - part.from;
      const had = Math.min(Math.max(this.#received - part.from, 0), part.data.length);
      this.#unconfirmedBytes -= Math.min(Math.max(has, 0), part.data.length) - had;
      if (has < pieceCost(part)) {
        if (has > part.data.length) return false;
        break;
      }
      this.#parts[this.#first] = released;
    }
    this.#received = received;
    // What came over the connection before need not be sent again over this one.
    if (this.#offset < received) this.#goTo(received);
    // Confirmed parts are let go of above; their places, when they are as many as those that are still needed.
    if (this.#first * 2 < this.#parts.length) return true;
    this.#parts = this.#parts.slice(this.#first);
    this.#part -= this.#first;
    this.#first = 0;
    return true;
  }

  /** To the offset through which all is confirmed. */
  #goTo(received: number): void {
    this.#part = this.#first;
    this.#offset = Math.min(received, this.#end);
    this.#closeSent = received > this.#end;
  }
}

const released: SocketPiece = { from: 0, text: false, last: false, data: /* @__PURE__ */ new Uint8Array(0) };
