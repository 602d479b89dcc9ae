/** The first frame of a connection: who, in which session (CON-1). */
export interface ConnectFrame {
  readonly type: "connect";
  readonly token: string;
  /** 1 to 64 characters that the client drew at random; "" asks the server to draw. */
  readonly session: string;
  readonly agent: string;
}

/** The answer to `connect`: the user and the limits (CON-3). */
export interface ConnectedFrame {
  readonly type: "connected";
  readonly session: string;
  readonly node: string;
  readonly user: string;
  /** 0: does not expire. */
  readonly expiresInMs: number;
  readonly heartbeatMs: number;
  readonly maxMessageBytes: number;
  readonly maxSubscriptions: number;
  readonly maxRequests: number;
  readonly time: number;
  /** The shortest time for which a log here remembers a producer (PUB-13); 0: not told. */
  readonly deduplicateMs: number;
}

/** A fresh token on a live connection (CON-8). */
export interface AuthenticateFrame {
  readonly type: "authenticate";
  readonly id: number;
  readonly token: string;
}

/** The fresh token counts (CON-8). */
export interface AuthenticatedFrame {
  readonly type: "authenticated";
  readonly id: number;
  readonly expiresInMs: number;
}

/** The server asks the client to be elsewhere by a deadline (CON-12). */
export interface MoveFrame {
  readonly type: "move";
  /** From now; after it the server closes the connection. */
  readonly deadlineMs: number;
  /** How long to wait before connecting elsewhere. */
  readonly delayMs: number;
  /** Where to; empty: any endpoint that the client knows. */
  readonly endpoints: readonly string[];
  readonly reason: string;
}

/** Asks for a `pong` (CON-10). */
export interface PingFrame {
  readonly type: "ping";
  readonly nonce: number;
}

/** Answers `ping`, with its nonce (CON-10). */
export interface PongFrame {
  readonly type: "pong";
  readonly nonce: number;
}

/** Confirms bytes on transports that have no ping of their own: the sum received on this connection. */
export interface ReceivedFrame {
  readonly type: "received";
  readonly bytes: number;
}

/** Says why this side ends the connection, on transports that have no close of their own (CON-16). */
export interface CloseFrame {
  readonly type: "close";
  /** As of a WebSocket (spec section 9). */
  readonly code: number;
  readonly reason: string;
}

/** A request failed, or with id 0 the connection did. */
export interface ErrorFrame {
  readonly type: "error";
  /** The request that it answers; 0: the connection itself, which is then closed. */
  readonly id: number;
  readonly code: string;
  readonly message: string;
  readonly retry: boolean;
  readonly retryAfterMs: number;
}
