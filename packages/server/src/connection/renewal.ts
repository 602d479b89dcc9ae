import { HawserError } from "@hawser/protocol";
import type { Identity } from "../auth/identity.ts";

/** What comes of a fresh token (CON-8). */
export type Renewal =
  | { readonly kind: "renewed"; readonly identity: Identity }
  /** It says nothing of the token: what held before it goes on until it expires. */
  | { readonly kind: "refused"; readonly error: HawserError }
  /** The connection ends with it. */
  | { readonly kind: "ended"; readonly error: HawserError };

/** Judges what was found of a fresh token, on a connection of `former`. */
export function judgeRenewal(found: Identity | HawserError, former: Identity): Renewal {
  if (found instanceof HawserError)
    return found.retry && found.code !== "token-expired"
      ? { kind: "refused", error: found }
      : { kind: "ended", error: found };
  if (found.user !== former.user)
    return { kind: "ended", error: new HawserError("token-invalid", "The token is another user's.") };
  return { kind: "renewed", identity: found };
}
