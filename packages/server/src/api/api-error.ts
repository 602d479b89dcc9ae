import { HawserError } from "@hawser/protocol";
import type { ErrorCode } from "@hawser/protocol";

/** Codes of the API beside those of `HawserError`: what is wrong with a request as one of HTTP. */
export type ApiErrorCode =
  | ErrorCode
  | "key-invalid"
  | "request-invalid"
  | "path-unknown"
  | "method-not-allowed"
  | "socket-unknown"
  | "queue-full"
  | "pool-unknown"
  | "pool-configured"
  | "target-unknown"
  | "body-too-large"
  | "body-late";

/** What every answer that is not a success holds as `error`. */
export interface ApiErrorBody {
  readonly code: ApiErrorCode;
  /** For people; it may change. */
  readonly message: string;
  /** The same request may be sent again. */
  readonly retry: boolean;
  /** Not before that many milliseconds. */
  readonly retryAfterMs?: number;
}

/** A request that is not answered as was wished. */
export class ApiError extends Error {
  readonly status: number;
  readonly body: ApiErrorBody;

  constructor(status: number, code: ApiErrorCode, message: string, retry = false, retryAfterMs = 0) {
    super(message);
    this.status = status;
    this.body = { code, message, retry, ...(retryAfterMs > 0 ? { retryAfterMs } : {}) };
  }
}

/** A request that does not say what the operation needs. */
export function requestInvalid(message: string): ApiError {
  return new ApiError(400, "request-invalid", message);
}

const statuses: Partial<Record<ErrorCode, number>> = {
  "channel-invalid": 400,
  "payload-invalid": 400,
  "option-invalid": 400,
  forbidden: 403,
  "presence-unavailable": 404,
  "epoch-unknown": 409,
  "message-too-large": 413,
  "rate-limited": 429,
  "log-unavailable": 503,
  "log-full": 503,
  overloaded: 503,
  closed: 503,
};

/** The answer to what an operation threw; `undefined` for what nobody foresaw, which is not shown. */
export function apiErrorOf(error: unknown): ApiError | undefined {
  if (error instanceof ApiError) return error;
  if (!(error instanceof HawserError)) return undefined;
  const status = statuses[error.code];
  if (status === undefined) return undefined;
  return new ApiError(status, error.code, error.message, error.retry, error.retryAfterMs);
}
