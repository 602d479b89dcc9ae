import { HawserError } from "@hawser/protocol";
import type { Timers } from "@hawser/protocol";
import type { Authenticate, AuthenticateRequest, Identity } from "./identity.ts";
import { isUserName } from "./user-name.ts";

export interface GuardOptions {
  readonly maxTokenBytes: number;
  readonly authenticateTimeoutMs: number;
  readonly timers: Timers;
}

/**
 * An `authenticate` of the application, with what holds for all: tokens above `maxTokenBytes` are `token-invalid`, an
 * answer takes at most `authenticateTimeoutMs`, the user can be named, and no error that comes out has the token's text.
 */
export function guardAuthenticate(authenticate: Authenticate, options: GuardOptions): Authenticate {
  return async (request) => {
    if (request.token.length > options.maxTokenBytes || Buffer.byteLength(request.token) > options.maxTokenBytes) {
      throw new HawserError("token-invalid", `The token has more than ${options.maxTokenBytes} bytes.`);
    }
    try {
      return provedIdentity(await withinTime(async () => authenticate(request), options));
    } catch (error) {
      throw withoutToken(error, request);
    }
  };
}

function provedIdentity(identity: Identity): Identity {
  if (typeof identity?.user !== "string" || !isUserName(identity.user)) {
    throw new HawserError("internal", "authenticate gave no user name of 1 to 128 bytes without white space.");
  }
  return identity;
}

function withinTime<T>(work: () => Promise<T>, options: GuardOptions): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = options.timers.after(options.authenticateTimeoutMs, () =>
      reject(new HawserError("internal", "authenticate did not answer in time.", { retry: true })),
    );
    work()
      .then(resolve, reject)
      .finally(() => timer.cancel());
  });
}

/** An error's text goes to logs, and that of a `HawserError` to the client: both lose what is the token's. */
function withoutToken(error: unknown, { token }: AuthenticateRequest): HawserError {
  const text = error instanceof Error ? error.message : String(error);
  const clean = withoutSecretText(text, token);
  if (!(error instanceof HawserError)) return new HawserError("internal", `authenticate failed: ${clean}`, { retry: true });
  if (clean === text && error.cause === undefined) return error;
  return new HawserError(error.code, clean, { retry: error.retry, retryAfterMs: error.retryAfterMs });
}

/** A piece of the token that long identifies it, or is worth stealing. */
const tellingLength = 8;

/** The whole text is dropped if it shows a piece of the token: what is left around it may be another piece. */
function withoutSecretText(text: string, token: string): string {
  if (token === "") return text;
  if (token.length <= tellingLength) return text.includes(token) ? hidden : text;
  const pieces = new Set<string>();
  for (let at = 0; at + tellingLength <= text.length; at += 1) pieces.add(text.slice(at, at + tellingLength));
  for (let at = 0; at + tellingLength <= token.length; at += 1) {
    if (pieces.has(token.slice(at, at + tellingLength))) return hidden;
  }
  return text;
}

const hidden = "(the text held a piece of the token and is not shown)";
