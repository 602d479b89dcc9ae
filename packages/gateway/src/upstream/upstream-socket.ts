import type { Identity } from "@hawser/server";

/** What an upstream's socket tells whoever opened it. */
export interface UpstreamHandlers {
  /** A whole message, in order. Its bytes belong to the receiver. */
  onMessage(data: Uint8Array, text: boolean): void;
  /** The last call: the socket is closed, by a close frame of the upstream or (1006) without one. */
  onClose(code: number, reason: string): void;
}

/** One open socket to an upstream: a WebSocket, or a conversation with an HTTP back end. */
export interface UpstreamSocket {
  /** The subprotocol that the upstream chose; "": none. */
  readonly protocol: string;
  /** The extensions that are in use towards the upstream, as its handshake named them; "": none. */
  readonly extensions: string;
  /** Set by the opener in the turn in which it gets the socket; nothing is told before. */
  handlers: UpstreamHandlers | undefined;
  /**
   * Sends a piece of a message: pieces of one message follow each other, the last one says so.
   *
   * @param written - Called when the piece has left for the upstream: only then may its sender be given credit for more.
   */
  send(piece: Uint8Array, text: boolean, last: boolean, written: () => void): void;
  /** Asks for no further messages: what the upstream sends waits in its own socket. A few may still come. */
  pause(): void;
  resume(): void;
  /** Begins the closing handshake; `code` `undefined`: a close frame without one. Behind it `onClose` comes in bounded time. */
  close(code: number | undefined, reason: string): void;
  /** Ends it without a handshake. */
  terminate(): void;
}

/** A wish for a socket to an upstream. */
export interface UpstreamRequest {
  /** The name of the pool. */
  readonly upstream: string;
  /** What is added to the target's own path; "": nothing. */
  readonly path: string;
  /** The subprotocols that are offered, in the client's order. */
  readonly protocols: readonly string[];
  readonly identity: Identity;
  readonly session: string;
  /** The client's address; "": not known. */
  readonly address: string;
}

/** The upstreams, as the home of a virtual socket sees them. */
export interface Upstreams {
  /**
   * Opens a socket to a target of the pool; tries others where the pool says so.
   *
   * @throws HawserError `upstream-unknown`, `upstream-unavailable` (retry), `upstream-refused` (the upstream answered the
   *   handshake with an HTTP status), `rate-limited` (retry).
   */
  open(request: UpstreamRequest, signal: AbortSignal): Promise<UpstreamSocket>;
}
