/** Asks for a virtual socket to an upstream (spec section 17). */
export interface OpenSocketFrame {
  readonly type: "open-socket";
  readonly id: number;
  /** Chosen by the client: above 0, and in its session never used before. */
  readonly number: number;
  readonly upstream: string;
  /** Added to the upstream's own path; "": nothing. */
  readonly path: string;
  /** The subprotocols that the client offers, the best first. */
  readonly protocols: readonly string[];
  /** `interactive`, `normal` or `bulk`; "": `normal`. */
  readonly lane: string;
  /** Through which offset the home may send. */
  readonly credit: number;
  /** The number of an opening whose answer did not come, and which this one takes the place of; 0: of none. */
  readonly instead: number;
}

/** The upstream has taken the socket (SOCK-3). */
export interface SocketOpenedFrame {
  readonly type: "socket-opened";
  readonly id: number;
  /** What attaches it over another connection. */
  readonly token: Uint8Array;
  /** The node that holds the upstream's socket, and that node's life. */
  readonly home: string;
  readonly instance: string;
  /** Where the home itself is reached; empty: not told. */
  readonly endpoints: readonly string[];
  /** The subprotocol that the upstream chose; "": none. */
  readonly protocol: string;
  readonly extensions: string;
  /** Through which offset the client may send. */
  readonly credit: number;
  /** How long the home keeps a socket that is on no connection. */
  readonly resumeMs: number;
}

/** Puts a socket on this connection, wherever it was before (SOCK-11). */
export interface AttachSocketFrame {
  readonly type: "attach-socket";
  readonly id: number;
  readonly number: number;
  /** Above that of every attach before; the open was 1. */
  readonly generation: number;
  readonly token: Uint8Array;
  readonly home: string;
  readonly instance: string;
  /** Through which offset the client has the home's stream. */
  readonly received: number;
  readonly credit: number;
}

/** The socket is on this connection: each side sends on from what the other has (SOCK-11). */
export interface SocketAttachedFrame {
  readonly type: "socket-attached";
  readonly id: number;
  /** Through which offset the home has the client's stream. */
  readonly received: number;
  readonly credit: number;
}

/** A piece of a message (SOCK-5). */
export interface SocketDataFrame {
  readonly type: "socket-data";
  readonly number: number;
  readonly from: number;
  /** The message is text; of every piece of it the same. */
  readonly text: boolean;
  /** The message ends with it. */
  readonly last: boolean;
  readonly data: Uint8Array;
}

/** How far this side has what the other sent, and how far the other may send (SOCK-8). */
export interface SocketWindowFrame {
  readonly type: "socket-window";
  readonly number: number;
  readonly received: number;
  /** Never falls. */
  readonly credit: number;
}

/** The end of a stream (SOCK-9). */
export interface SocketCloseFrame {
  readonly type: "socket-close";
  readonly number: number;
  readonly from: number;
  /** As of a WebSocket; 0: a close without one. */
  readonly code: number;
  readonly reason: string;
}

/** A socket is on this connection no more (SOCK-13). */
export interface DetachSocketFrame {
  readonly type: "detach-socket";
  readonly number: number;
  readonly generation: number;
  readonly code: string;
  readonly message: string;
  /** The socket lives: attach it over another connection. Else it is over. */
  readonly retry: boolean;
}
