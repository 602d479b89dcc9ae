import { closeCodes, decodeShared, encodeShared, HawserError } from "@hawser/protocol";
import type { SharedMessage, Timer, Timers } from "@hawser/protocol";
import { TokenBucket } from "../connection/token-bucket.ts";
import { SharedStream } from "./shared-stream.ts";
import type { Carrier } from "./shared-stream.ts";
import type { Transport, TransportHandlers } from "./transport.ts";

/** The bounds of a shared connection, of the limits of the server. */
export interface SharedConnectionLimits {
  readonly maxStreamsPerConnection: number;
  readonly maxHeldBytes: number;
  readonly connectTimeoutMs: number;
  readonly framesPerSecond: number;
  readonly framesBurst: number;
}

/** The place of a stream among the connections of the node. */
export interface StreamPlace {
  /** Gives it back. */
  leave(): void;
}

export interface SharedConnectionOptions {
  /** The physical connection. Its messages are those of `hawser.v1.shared`. */
  readonly transport: Transport;
  /** The header of the physical connection's frame for a message of so many bytes. */
  readonly frameHead: (length: number) => Uint8Array;
  /** Takes a place for a stream beside the first, which has the connection's own; `undefined`: there is none. */
  readonly admit: () => StreamPlace | undefined;
  /** Hands a stream to the node. */
  readonly accept: (stream: Transport) => void;
  /** Once, when it has ended. */
  readonly onClosed: () => void;
  readonly limits: SharedConnectionLimits;
  readonly timers: Timers;
  readonly now: () => number;
  /** Calls back at the end of the turn, when all streams have written. */
  readonly atTurnsEnd: (callback: () => void) => void;
}

/**
 * A physical connection that several clients share (section 15 of the specification): it takes its messages apart into
 * streams, each a transport of its own to the node, and joins what they write in one turn into one write.
 */
export class SharedConnection implements TransportHandlers, Carrier {
  readonly #options: SharedConnectionOptions;
  readonly #streams = new Map<number, SharedStream>();
  /** Messages of no open stream, control messages that were not asked for, and streams that begin: what costs the peer nothing. */
  readonly #surplus: TokenBucket;
  /** Places of the streams beside the first. */
  #places: StreamPlace[] = [];
  #highest = 0;
  #heldBytes = 0;
  #pending: Uint8Array[] = [];
  #leaving = false;
  #open = true;
  /** Runs while there is no stream. */
  #idle: Timer | undefined;

  constructor(options: SharedConnectionOptions) {
    const { transport, limits, now } = options;
    this.#options = options;
    this.#surplus = new TokenBucket(limits.framesPerSecond, limits.framesBurst, now());
    transport.handlers = this;
    this.#control({ kind: "streams", max: limits.maxStreamsPerConnection });
    this.#awaitStream();
  }

  /** Streams that are open now. */
  get streams(): number {
    return this.#streams.size;
  }

  /** The node goes away: the client is told to begin no stream here (SHARE-7). */
  leave(): void {
    if (this.#leaving || !this.#open) return;
    this.#leaving = true;
    this.#control({ kind: "streams", max: 0 });
  }

  onMessage(bytes: Uint8Array, binary: boolean): void {
    if (!this.#open) return;
    if (!binary) return this.#fail(closeCodes.frameMalformed, "A text message is not of hawser.v1.shared.");
    let message: SharedMessage;
    try {
      message = decodeShared(bytes);
    } catch (error) {
      if (!(error instanceof HawserError)) throw error;
      return this.#fail(closeCodes.frameMalformed, error.message);
    }
    const stream = "stream" in message ? this.#streams.get(message.stream) : undefined;
    if (message.kind === "message" && stream !== undefined) stream.take(message.message);
    // What answers a mark was asked for: the more is sent, the more marks there are.
    else if (message.kind === "confirm" && stream?.answered(message.mark) === true) return;
    else if (this.#spend()) this.#handle(message, stream);
  }

  /** Of the physical connection, on which no mark is set. */
  onConfirmed(): void {}

  /** A ping of the peer's WebSocket says nothing of any stream. */
  onAlive(): void {}

  onClose(code: number, reason: string): void {
    this.#finish(code, reason);
  }

  send(prefix: Uint8Array, message: Uint8Array): void {
    this.#add(this.#options.frameHead(prefix.length + message.length), prefix, message);
  }

  mark(stream: number, mark: Uint8Array): void {
    this.#control({ kind: "mark", stream, mark });
  }

  end(stream: number, code: number, reason: string): void {
    this.#control({ kind: "close", stream, code, reason });
    this.#forget(stream);
  }

  hold(bytes: number): void {
    this.#heldBytes += bytes;
  }

  mayHold(bytes: number): boolean {
    return this.#heldBytes + bytes <= this.#options.limits.maxHeldBytes;
  }

  #handle(message: SharedMessage, stream: SharedStream | undefined): void {
    switch (message.kind) {
      case "message":
        // At or below the highest: it crossed the stream's end (SHARE-2).
        if (message.stream > this.#highest) this.#begin(message.stream, message.message);
        return;
      case "close":
        if (message.stream > this.#highest) return this.#violate(`Stream ${message.stream} has not begun.`);
        this.#forget(message.stream);
        stream?.ended(message.code, message.reason);
        return;
      case "confirm":
        if (message.stream > this.#highest) this.#violate(`Stream ${message.stream} has not begun.`);
        return;
      case "mark":
      case "streams":
        return this.#violate(`Only a server sends ${message.kind}.`);
      case "unknown":
        return;
    }
  }

  #begin(number: number, first: Uint8Array): void {
    if (number !== this.#highest + 1) return this.#violate(`The next stream is ${this.#highest + 1}, not ${number}.`);
    this.#highest = number;
    if (this.#leaving) return this.#refuse(number, closeCodes.goingAway, "This node takes no connections now.");
    const { limits, admit, accept } = this.#options;
    if (this.#streams.size >= limits.maxStreamsPerConnection) {
      const reason = `A connection has at most ${limits.maxStreamsPerConnection} streams.`;
      return this.#refuse(number, closeCodes.overloaded, reason);
    }
    if (this.#streams.size > 0) {
      const place = admit();
      if (place === undefined) return this.#refuse(number, closeCodes.overloaded, "There is no place for a stream.");
      this.#places.push(place);
    }
    this.#idle?.cancel();
    this.#idle = undefined;
    const stream = new SharedStream(number, this);
    this.#streams.set(number, stream);
    accept(stream);
    stream.take(first);
  }

  #refuse(stream: number, code: number, reason: string): void {
    this.#control({ kind: "close", stream, code, reason });
  }

  #forget(number: number): void {
    if (!this.#streams.delete(number)) return;
    if (this.#streams.size > 0) this.#places.pop()?.leave();
    else if (this.#open) this.#awaitStream();
  }

  /** A connection without a stream is of no use to anybody (SHARE-8). */
  #awaitStream(): void {
    const { timers, limits } = this.#options;
    this.#idle = timers.after(limits.connectTimeoutMs, () =>
      this.#fail(closeCodes.connectTimeout, "No stream began in time."),
    );
  }

  /** False when it was too much, and the connection has ended (SHARE-9). */
  #spend(): boolean {
    const { limits, now } = this.#options;
    if (this.#surplus.spend(1, now()) === 0) return true;
    this.#fail(closeCodes.rateLimited, `More than ${limits.framesPerSecond} messages a second are of no open stream.`);
    return false;
  }

  #violate(reason: string): void {
    this.#fail(closeCodes.frameUnexpected, reason);
  }

  #fail(code: number, reason: string): void {
    if (!this.#open) return;
    this.#flush();
    this.#options.transport.close(code, reason);
    this.#finish(code, reason);
  }

  /** Every stream ends with its connection (SHARE-5). */
  #finish(code: number, reason: string): void {
    if (!this.#open) return;
    this.#open = false;
    this.#idle?.cancel();
    const streams = [...this.#streams.values()];
    this.#streams.clear();
    for (const place of this.#places.splice(0)) place.leave();
    for (const stream of streams) stream.ended(code, reason);
    this.#pending = [];
    this.#options.onClosed();
  }

  #control(message: Exclude<SharedMessage, { kind: "message" | "unknown" }>): void {
    const bytes = encodeShared(message);
    this.#add(this.#options.frameHead(bytes.length), bytes);
  }

  #add(...pieces: Uint8Array[]): void {
    if (!this.#open) return;
    if (this.#pending.length === 0) this.#options.atTurnsEnd(() => this.#flush());
    this.#pending.push(...pieces);
  }

  #flush(): void {
    if (!this.#open || this.#pending.length === 0) return;
    const pieces = this.#pending;
    this.#pending = [];
    this.#options.transport.write(pieces);
  }
}
