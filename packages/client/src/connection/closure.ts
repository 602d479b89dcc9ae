import { HawserError, mayReconnect } from "@hawser/protocol";
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

/** What the codes of section 9 say; what is not here says no more than whether to connect again. */
const meanings: Readonly<Record<number, ErrorCode>> = {
  1009: "message-too-large",
  4002: "internal",
  4005: "overloaded",
  4006: "token-expired",
  4007: "log-unavailable",
  4009: "rate-limited",
  4500: "frame-unexpected",
  4501: "frame-malformed",
  4503: "token-invalid",
  4504: "disconnected",
  4505: "too-many-connections",
};

/** Reads a close code, with the `error` frame of id 0 that may have come before it (CON-3, CON-7). */
export function closureOf(code: number, reason: string, told: ErrorFrame | undefined): Closure {
  const reconnect = mayReconnect(code);
  if (told !== undefined) return { code, reconnect, error: errorOf(told) };
  const meaning = meanings[code] ?? (reconnect ? "connection-lost" : "disconnected");
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

/** What ended because the application closed the client. */
export function closed(): HawserError {
  return new HawserError("closed", "The client is closed");
}

/** What does not fit into a message that the server takes. */
export function tooLarge(what: string): HawserError {
  return new HawserError("message-too-large", `Larger than the server takes: ${what}`);
}
