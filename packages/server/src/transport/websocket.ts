import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import { abnormalClosure } from "@hawser/protocol";
import type { WebSocket } from "ws";
import { Marks } from "./marks.ts";
import type { Framing, Transport, TransportHandlers } from "./transport.ts";
import type { TurnWrites, Waiting } from "./turn-writes.ts";
import { pingFrame } from "./websocket-framing.ts";
import { receiverErrorCode } from "./receiver-error.ts";

/** Pieces that are smaller than this on average are copied into one: in a vectored write each costs more than its copy. */
const copyBelowBytes = 4_096;

/** A reason of a close frame has at most 123 bytes of UTF-8 (RFC 6455, section 5.5). */
const maxReasonBytes = 123;

type State =
  | { readonly kind: "open" }
  /** This side has begun to close, or has found the peer's bytes to be wrong. */
  | { readonly kind: "closing"; readonly code: number; readonly reason: string }
  /** The end was told; `ws` may still be closing. */
  | { readonly kind: "closed" };

const carrier = Symbol("carrier");

/** A WebSocket of `ws`, and the transport that it is part of. */
type Carrying = WebSocket & { [carrier]?: WebSocketTransport };

/** Of the method that takes the events of `ws`. */
const heard = Symbol("heard");

/** In place of listeners: a table of five for each connection would take more memory than all of a transport. */
function emit(this: Carrying, event: string | symbol, first?: unknown, second?: unknown): boolean {
  return this[carrier]![heard](event, first, second);
}

const open: State = { kind: "open" };

/**
 * Only of Node's TCP sockets it is known that they take writes in order, whichever way they come. One of TLS takes one at a time: another
 * one that comes past its stream ends the process.
 */
const knowsSockets = process.versions["bun"] === undefined;
const takesWritesInOrder = (socket: Duplex): socket is Socket =>
  knowsSockets && socket instanceof Socket && !(socket instanceof TLSSocket) && !socket.connecting;

/** `WebSocket.OPEN`, which is a getter there. */
const readyStateOpen = 1;

/** Pieces as a socket's stream hands them to it. */
type Chunks = { chunk: Uint8Array; encoding: BufferEncoding }[] & { allBuffers?: boolean };

/** What a stream says of bytes; the types know the encodings of strings only. */
const ofBytes = "buffer" as BufferEncoding;

interface Held {
  readonly message: Uint8Array;
  readonly binary: boolean;
}

export interface WebSocketTransportOptions {
  /** `binaryFraming` or `textFraming`, by the subprotocol. */
  readonly framing: Framing;
  /** The window in which the peer inflates; 0 where compression was not agreed. */
  readonly windowBytes: number;
  /** Bytes that may wait in this process for the socket; past it the connection is cut. */
  readonly maxUnsentBytes: number;
  /** One for all of a server. */
  readonly writes: TurnWrites;
  /** The socket beneath has closed, which may be later than the end that the handlers are told. */
  readonly onGone?: (transport: WebSocketTransport) => void;
}

/**
 * A WebSocket connection, taken over from `ws` after the handshake. `ws` parses what comes in and answers control frames;
 * messages and marks go out as bytes that are framed already, straight to the socket beneath. Both write to the same socket, and
 * `ws` holds nothing back (it sends no messages, and so compresses none), so that the order of writes is the order on the wire.
 *
 * No error of the socket or of `ws` leaves this class: each ends in `onClose`.
 */
export class WebSocketTransport implements Transport, Waiting {
  readonly framing: Framing;
  readonly windowBytes: number;
  handlers: TransportHandlers | undefined;
  readonly #webSocket: WebSocket;
  readonly #socket: Duplex;
  /** The same, where it can be written to past its stream. */
  readonly #direct: Socket | undefined;
  readonly #maxUnsentBytes: number;
  readonly #marks = new Marks();
  #state: State = open;
  #paused = false;
  /** Messages that `ws` had taken from the socket already when reading was paused: one socket read's worth at most. */
  #held: Held[] | undefined;
  /** What goes out behind this turn. */
  #unwritten: readonly Uint8Array[] | undefined;
  readonly #writes: TurnWrites;
  readonly #onGone: WebSocketTransportOptions["onGone"];
  /** Of a write past the stream, as long as the socket has not taken it whole. */
  #directBytes = 0;
  #onDirect: ((error?: Error | null) => void) | undefined;

  constructor(webSocket: WebSocket, socket: Duplex, options: WebSocketTransportOptions) {
    this.framing = options.framing;
    this.windowBytes = options.windowBytes;
    this.#webSocket = webSocket;
    this.#socket = socket;
    this.#direct = takesWritesInOrder(socket) ? socket : undefined;
    this.#maxUnsentBytes = options.maxUnsentBytes;
    this.#writes = options.writes;
    this.#onGone = options.onGone;
    const carrying = webSocket as Carrying;
    carrying[carrier] = this;
    carrying.emit = emit;
  }

  /** An event of `ws`. @returns whether it is one of those that matter. */
  [heard](event: string | symbol, first: unknown, second: unknown): boolean {
    switch (event) {
      case "message":
        this.#onMessage(first as Buffer, second as boolean);
        return true;
      case "ping":
        this.#onAlive();
        return true;
      case "pong":
        this.#onPong(first as Buffer);
        return true;
      case "error":
        this.#onError(first as Error);
        return true;
      case "close":
        this.#onClose(first as number, second as Buffer);
        this.#onGone?.(this);
        return true;
      default:
        return false;
    }
  }

  write(pieces: readonly Uint8Array[]): void {
    if (this.#state !== open) return;
    if (this.#unwritten === undefined) {
      this.#unwritten = pieces;
      this.#writes.add(this);
    } else this.#unwritten = [...this.#unwritten, ...pieces];
  }

  /** The ping of the mark goes out with what it is behind: a write of its own would cost as much. */
  mark(id: number): void {
    if (this.#state === open) this.write([pingFrame(this.#marks.issue(id))]);
  }

  /** Writes what it was given in this turn. */
  writeNow(): void {
    const pieces = this.#unwritten;
    if (pieces === undefined) return;
    this.#unwritten = undefined;
    if (this.#webSocket.readyState === readyStateOpen) this.#put(pieces);
  }

  pause(): void {
    if (this.#paused || this.#state.kind !== "open") return;
    this.#paused = true;
    this.#webSocket.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    // A handler may pause again in the middle: what is left stays held.
    while (this.#held !== undefined && !this.#paused && this.#state.kind === "open") {
      const held = this.#held.shift();
      if (held === undefined) this.#held = undefined;
      else this.handlers?.onMessage(held.message, held.binary);
    }
    if (!this.#paused) this.#webSocket.resume();
  }

  close(code: number, reason: string): void {
    if (this.#state.kind !== "open") return;
    this.writeNow();
    this.#state = { kind: "closing", code, reason };
    this.#held = undefined;
    this.#webSocket.close(code, shorten(reason));
    // The peer's answer must be read, and what it sent before is dropped; `ws` cuts the socket if no answer comes.
    this.#webSocket.resume();
  }

  terminate(): void {
    if (this.#state.kind === "open") this.#state = { kind: "closing", code: abnormalClosure, reason: "" };
    this.#unwritten = undefined;
    this.#held = undefined;
    this.#webSocket.terminate();
  }

  #put(pieces: readonly Uint8Array[]): void {
    if (pieces.length === 1) this.#writeOne(pieces[0]!);
    else if (pieces.length > 1) {
      const bytes = byteLength(pieces);
      if (bytes <= copyBelowBytes * pieces.length) this.#writeOne(Buffer.concat(pieces, bytes));
      else this.#writeAll(pieces, bytes);
    }
    if (this.#socket.writableLength + this.#directBytes > this.#maxUnsentBytes) this.terminate();
  }

  /**
   * To the socket itself, past the stream that it also is, when that holds nothing. For each write a stream makes
   * objects, and a task for later that touches the connection once more: a fifth of what a small delivery costs.
   */
  #writeOne(bytes: Uint8Array): void {
    const direct = this.#direct;
    if (direct === undefined || this.#directBytes > 0 || direct.writableLength > 0) {
      this.#socket.write(bytes);
      return;
    }
    this.#directBytes = bytes.length;
    direct._write(bytes, ofBytes, this.#whenTaken(direct));
  }

  /** The same for several, in one call of the system. */
  #writeAll(pieces: readonly Uint8Array[], bytes: number): void {
    const direct = this.#direct;
    if (direct?._writev === undefined || this.#directBytes > 0 || direct.writableLength > 0) {
      const socket = this.#socket;
      socket.cork();
      for (const piece of pieces) socket.write(piece);
      socket.uncork();
      return;
    }
    const chunks: Chunks = pieces.map((chunk) => ({ chunk, encoding: ofBytes }));
    chunks.allBuffers = true;
    this.#directBytes = bytes;
    direct._writev(chunks, this.#whenTaken(direct));
  }

  #whenTaken(direct: Socket): (error?: Error | null) => void {
    return (this.#onDirect ??= (error) => {
      this.#directBytes = 0;
      if (error) direct.destroy(error);
    });
  }

  #onMessage(data: Buffer, binary: boolean): void {
    if (this.#state.kind !== "open") return;
    const message = ownBytes(data);
    if (this.#paused) (this.#held ??= []).push({ message, binary });
    else this.handlers?.onMessage(message, binary);
  }

  #onAlive(): void {
    if (this.#state.kind === "open") this.handlers?.onAlive();
  }

  #onPong(payload: Buffer): void {
    if (this.#state.kind !== "open") return;
    const id = this.#marks.confirm(payload);
    if (id === undefined) this.handlers?.onAlive();
    else this.handlers?.onConfirmed(id);
  }

  /**
   * `ws` has begun to close by itself, with the code that fits what the peer did wrong. Nothing more will come, which is
   * told at once: a peer that does not answer the close holds the socket until `closeTimeoutMs`, but no subscription.
   */
  #onError(error: Error): void {
    if (this.#state.kind === "open") this.#end(receiverErrorCode(error), error.message);
  }

  #onClose(code: number, reason: Buffer): void {
    if (this.#state.kind === "closing") this.#end(this.#state.code, this.#state.reason);
    else if (this.#state.kind === "open") this.#end(code, reason.toString("utf8"));
  }

  #end(code: number, reason: string): void {
    this.#state = { kind: "closed" };
    this.#held = undefined;
    this.handlers?.onClose(code, reason);
  }
}

function byteLength(pieces: readonly Uint8Array[]): number {
  let sum = 0;
  for (const piece of pieces) sum += piece.length;
  return sum;
}

/**
 * A message as plain bytes of its own. `ws` gives views into what the socket read at once: kept longer than the turn,
 * a small one would hold up to 64 KiB, so that is copied.
 */
function ownBytes(data: Buffer): Uint8Array {
  if (data.buffer.byteLength > 2 * data.length) return new Uint8Array(data);
  return new Uint8Array(data.buffer, data.byteOffset, data.length);
}

/** Cuts at a character's end, since half a character would make the close frame invalid. */
function shorten(reason: string): string {
  if (Buffer.byteLength(reason) <= maxReasonBytes) return reason;
  const { written } = new TextEncoder().encodeInto(reason, new Uint8Array(maxReasonBytes));
  return new TextDecoder().decode(new TextEncoder().encode(reason).subarray(0, written));
}
