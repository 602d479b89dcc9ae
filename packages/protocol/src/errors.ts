/** Codes of errors. Stable; the table with meanings is section 10 of `spec/protocol.md`. */
export type ErrorCode =
  // on the wire
  | "frame-malformed"
  | "frame-unexpected"
  | "token-invalid"
  | "token-expired"
  | "forbidden"
  | "channel-invalid"
  | "generation-stale"
  | "too-many-subscriptions"
  | "too-many-requests"
  | "rate-limited"
  | "message-too-large"
  | "payload-invalid"
  | "out-of-order"
  | "producer-unknown"
  | "epoch-ahead"
  | "epoch-unknown"
  | "history-unavailable"
  | "log-unavailable"
  | "log-full"
  | "method-unknown"
  | "call-failed"
  | "call-cancelled"
  | "deadline-exceeded"
  | "overloaded"
  | "too-many-connections"
  | "disconnected"
  | "presence-unavailable"
  | "presence-full"
  | "too-many-presences"
  | "upstream-unknown"
  | "upstream-unavailable"
  | "upstream-refused"
  | "socket-gone"
  | "socket-unavailable"
  | "too-many-sockets"
  | "internal"
  // the client's own
  | "outcome-unknown"
  | "outbox-full"
  | "superseded"
  | "expired"
  | "cancelled"
  | "closed"
  | "connection-lost"
  // the log's and the server's own
  | "log-locked"
  | "log-corrupt"
  | "log-foreign"
  | "log-closed"
  | "option-invalid"
  // the application's own
  | `app-${string}`;

/** What is said of an error beside its code and text. */
export interface HawserErrorOptions {
  /** The same request may be sent again. Default false. */
  readonly retry?: boolean;
  /** Not before that many milliseconds. Default 0. */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** Every error that Hawser throws, or that a peer sent: know it by `code`, never by its text. */
export class HawserError extends Error {
  override readonly name = "HawserError";
  readonly code: ErrorCode;
  readonly retry: boolean;
  readonly retryAfterMs: number;

  constructor(code: ErrorCode, message: string, options: HawserErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retry = options.retry ?? false;
    this.retryAfterMs = options.retryAfterMs ?? 0;
  }
}

/** Throws when something that this code itself promised does not hold: a bug of Hawser, never of a peer. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`Hawser invariant broken: ${message}`);
}
