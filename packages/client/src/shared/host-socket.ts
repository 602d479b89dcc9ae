import {
  abnormalClosure,
  closeCodes,
  decodeShared,
  defaultLimits,
  encodeShared,
  HawserError,
  sharedSubprotocol,
} from "@hawser/protocol";
import type { Clock, SharedMessage } from "@hawser/protocol";
import type { Connector, Transport, TransportHandlers } from "../transport/transport.ts";
import type { HostStream } from "./host-stream.ts";

export interface HostSocketOptions {
  readonly connector: Connector;
  readonly url: string;
  readonly clock: Clock;
  readonly maxUnsentBytes: number;
  /** The connection, or the server, has ended the stream. */
  readonly onStreamEnded: (stream: HostStream) => void;
  /** Once, when it is closed. */
  readonly onDone: () => void;
}

/**
 * A client that takes a connection for dead has heard nothing for at least this long: if nobody else has either, all of
 * the connection is dead. A little under the five seconds of a client's probe.
 */
const quietMs = 4_000;

type State = "opening" | "open" | "closed";

/** One physical connection that streams of several tabs share (section 15 of the specification). */
export class HostSocket implements TransportHandlers {
  readonly #options: HostSocketOptions;
  readonly #transport: Transport;
  readonly #streams = new Set<HostStream>();
  readonly #byNumber = new Map<number, HostStream>();
  #state: State = "opening";
  #next = 1;
  /** How many streams may be open, as the server says. */
  #max: number = defaultLimits.maxStreamsPerConnection;
  #heardAt: number;

  /** Throws what the connector throws. */
  constructor(options: HostSocketOptions) {
    const { connector, url, clock } = options;
    this.#options = options;
    this.#heardAt = clock.monotonic();
    this.#transport = connector.connect(url, sharedSubprotocol, this);
  }

  /** Whether a stream of this client may be put here: a client's connections must not die together. */
  takes(client: string): boolean {
    if (this.#state === "closed" || this.#streams.size >= this.#max) return false;
    for (const stream of this.#streams) if (stream.client === client) return false;
    return true;
  }

  add(stream: HostStream): void {
    this.#streams.add(stream);
    if (this.#state === "open") stream.opened();
  }

  send(stream: HostStream, message: Uint8Array): void {
    if (this.#state !== "open" || !this.#streams.has(stream)) return;
    // The number is given with the first message: the server sees them begin in order (SHARE-2).
    if (stream.number === undefined) {
      stream.number = this.#next++;
      this.#byNumber.set(stream.number, stream);
    }
    this.#write({ kind: "message", stream: stream.number, message });
  }

  confirm(stream: HostStream, mark: Uint8Array): void {
    if (stream.number !== undefined) this.#write({ kind: "confirm", stream: stream.number, mark });
  }

  /** The tab has ended the stream. */
  remove(stream: HostStream, code: number, reason: string): void {
    if (!this.#streams.delete(stream)) return;
    if (stream.number !== undefined) {
      this.#byNumber.delete(stream.number);
      this.#write({ kind: "close", stream: stream.number, code, reason });
    }
    const dead = code === closeCodes.heartbeatTimeout || code === closeCodes.connectTimeout;
    if (dead && this.#options.clock.monotonic() - this.#heardAt >= quietMs) {
      this.close(code, "Nothing is heard on this connection.");
    } else this.#closeIfUnused();
  }

  /** Ends it with all its streams, whose clients connect again. */
  close(code: number, reason: string): void {
    if (this.#state === "closed") return;
    this.#transport.close(code, reason);
    this.#finish(abnormalClosure, reason);
  }

  onOpen(subprotocol: string): void {
    if (this.#state !== "opening") return;
    if (subprotocol !== sharedSubprotocol) {
      return this.close(closeCodes.frameUnexpected, `The server chose the subprotocol "${subprotocol}".`);
    }
    this.#state = "open";
    this.#heardAt = this.#options.clock.monotonic();
    for (const stream of this.#streams) stream.opened();
  }

  onMessage(bytes: Uint8Array): void {
    if (this.#state === "closed") return;
    this.#heardAt = this.#options.clock.monotonic();
    let message: SharedMessage;
    try {
      message = decodeShared(bytes);
    } catch (error) {
      if (!(error instanceof HawserError)) throw error;
      return this.close(closeCodes.frameMalformed, error.message);
    }
    switch (message.kind) {
      case "message":
        // What is of no stream crossed its end (SHARE-4).
        return this.#byNumber.get(message.stream)?.deliver(message.message);
      case "mark":
        // A copy: the message's own buffer may be handed over with what is delivered.
        return this.#byNumber.get(message.stream)?.mark(message.mark.slice());
      case "close":
        return this.#endStream(message.stream, message.code, message.reason);
      case "streams":
        this.#max = message.max;
        return this.#closeIfUnused();
      case "confirm":
        return this.close(closeCodes.frameUnexpected, "Only a client sends confirm.");
      case "unknown":
        return;
    }
  }

  onClose(code: number, reason: string): void {
    this.#finish(code, reason);
  }

  #endStream(number: number, code: number, reason: string): void {
    const stream = this.#byNumber.get(number);
    if (stream === undefined) return;
    this.#byNumber.delete(number);
    this.#streams.delete(stream);
    this.#options.onStreamEnded(stream);
    stream.end(code, reason);
    this.#closeIfUnused();
  }

  /** The last tab is gone, or the node wants no streams and has none left. */
  #closeIfUnused(): void {
    if (this.#streams.size === 0) this.close(closeCodes.normal, "");
  }

  #write(message: Exclude<SharedMessage, { kind: "unknown" }>): void {
    if (this.#state !== "open") return;
    this.#transport.send(encodeShared(message));
    if (this.#transport.bufferedBytes > this.#options.maxUnsentBytes) {
      this.close(closeCodes.overloaded, "More waits for the network than may.");
    }
  }

  #finish(code: number, reason: string): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    const streams = [...this.#streams];
    this.#streams.clear();
    this.#byNumber.clear();
    this.#options.onDone();
    for (const stream of streams) {
      this.#options.onStreamEnded(stream);
      stream.end(code, reason);
    }
  }
}
