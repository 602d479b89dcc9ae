import { HawserError } from "@hawser/protocol";
import type { Authenticate, AuthenticateRequest, Identity } from "./identity.ts";
import { isUserName } from "./user-name.ts";

/**
 * An `authenticate` of the application, with what holds for all: tokens above `maxTokenBytes` are `token-invalid`, what
 * it gives names a user and no end that never comes, and no error that comes out has the token's text, in its message or beneath it.
 */
export function guardAuthenticate(authenticate: Authenticate, maxTokenBytes: number): Authenticate {
  return async (request) => {
    if (request.token.length > maxTokenBytes || Buffer.byteLength(request.token) > maxTokenBytes) {
      throw new HawserError("token-invalid", `A token has at most ${maxTokenBytes} bytes.`);
    }
    let identity: Identity;
    try {
      identity = await authenticate(request);
    } catch (error) {
      throw withoutToken(error, request);
    }
    if (typeof identity?.user !== "string" || !isUserName(identity.user)) {
      throw new Error(
        "authenticate gave no user that can be named: 1 to 128 bytes, without white space, control characters, *, { and }.",
      );
    }
    const { expiresAt } = identity;
    // A time that is no number would never come.
    if (expiresAt !== undefined && !Number.isFinite(expiresAt))
      throw new Error("authenticate gave an expiresAt that is no number of milliseconds since 1970.");
    return identity;
  };
}

/** An error's text goes to logs, and that of a `HawserError` to the client: both lose what is the token's. */
function withoutToken(error: unknown, { token }: AuthenticateRequest): Error {
  const text = error instanceof Error ? error.message : String(error);
  const clean = withoutPieces(text, token);
  if (!(error instanceof HawserError)) {
    const kept = new Error(clean);
    // Other members of the error may hold anything, and stay behind.
    kept.stack = withoutPieces(error instanceof Error ? (error.stack ?? clean) : clean, token);
    return kept;
  }
  return new HawserError(error.code, clean, { retry: error.retry, retryAfterMs: error.retryAfterMs });
}

/** A piece of the token that long identifies it, or is worth stealing. */
const tellingLength = 8;

/** The whole text is dropped if it shows a piece of the token: what is left around it may be another piece. */
function withoutPieces(text: string, token: string): string {
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
