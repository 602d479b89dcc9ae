import { createHash, randomBytes } from "node:crypto";
import { HawserError } from "@hawser/protocol";
import type { Authenticate } from "./identity.ts";
import { anonymousPrefix, isUserName } from "./user-name.ts";

/** Whether clients may name themselves. */
export interface AnonymousOptions {
  /** A token that is not empty is taken as the user's name, unproved: for demonstrations. Default false. */
  readonly allowNames?: boolean;
}

/**
 * Lets everybody in, without capabilities, so that `authorize` alone forbids.
 *
 * The user is `anonymous-` and 16 hexadecimal digits that follow from the session's identifier, and not back to it: the
 * same session is the same user when it connects again, which resuming and de-duplication rest on.
 *
 * @example
 * createServer({ log: memoryLog(), authenticate: anonymous() });
 */
export function anonymous(options: AnonymousOptions = {}): Authenticate {
  const allowNames = options.allowNames ?? false;
  return ({ token, session }) => {
    if (token === "") return { user: anonymousPrefix + digestOf(session) };
    if (!allowNames) throw new HawserError("token-invalid", "This server takes no tokens: connect without one.");
    if (!isUserName(token) || token.startsWith(anonymousPrefix)) {
      throw new HawserError(
        "token-invalid",
        "The name is not allowed: 1 to 128 bytes without white space, not starting with anonymous-.",
      );
    }
    return { user: token };
  };
}

function digestOf(session: string): string {
  if (session === "") return randomBytes(8).toString("hex");
  return createHash("sha256").update("hawser anonymous user\0").update(session).digest().toString("hex", 0, 8);
}
