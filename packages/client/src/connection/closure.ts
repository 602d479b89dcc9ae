import { closeCodes, HawserError, mayReconnect } from "@hawser/protocol";
import type { ErrorCode, ErrorFrame } from "@hawser/protocol";

/** How a connection ended. */
export interface Closure {
  /** A WebSocket close code (spec section 9); 1006 when it broke, or never opened. */
  readonly code: number;
  /** Whether the code lets the client connect again. */
  readonly reconnect: boolean;
  /** What to tell the application. */
  readonly error: HawserError;
}

const codesOfClosing: ReadonlyMap<number, ErrorCode> = new Map<number, ErrorCode>([
  [closeCodes.internal, "internal"],
  [closeCodes.overloaded, "overloaded"],
  [closeCodes.tokenExpired, "token-expired"],
  [closeCodes.logUnavailable, "log-unavailable"],
  [closeCodes.rateLimited, "rate-limited"],
  [closeCodes.frameUnexpected, "frame-unexpected"],
  [closeCodes.frameMalformed, "frame-malformed"],
  [closeCodes.tokenInvalid, "token-invalid"],
  [closeCodes.disconnected, "disconnected"],
  [closeCodes.tooManyConnections, "too-many-connections"],
  [closeCodes.messageTooBig, "message-too-large"],
]);

/** Reads a close code, with the `error` frame of id 0 that may have come before it (CON-3, CON-7). */
export function closureOf(code: number, reason: string, told: ErrorFrame | undefined): Closure {
  const reconnect = mayReconnect(code);
  if (told !== undefined) return { code, reconnect, error: errorOf(told) };
  const meaning = codesOfClosing.get(code) ?? (reconnect ? "connection-lost" : "disconnected");
  const text = `The connection closed with ${code}${reason === "" ? "" : ` (${reason})`}`;
  return { code, reconnect, error: new HawserError(meaning, text, { retry: reconnect }) };
}

/** An `error` or `rejected` frame as the error that the application gets. */
export function errorOf(frame: Pick<ErrorFrame, "code" | "message" | "retry" | "retryAfterMs">): HawserError {
  return new HawserError(frame.code as ErrorCode, frame.message, {
    retry: frame.retry,
    retryAfterMs: frame.retryAfterMs,
  });
}
