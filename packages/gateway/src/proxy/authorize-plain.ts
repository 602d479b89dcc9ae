import { HawserError } from "@hawser/protocol";
import type { Identity } from "@hawser/server";
import { ProxyRefusal } from "./answer.ts";
import type { PlainRequest } from "./plain-request.ts";

/** A client that may not connect. */
export interface PlainRefusal {
  /** 400 to 499. 401 asks for proof of who the client is, 403 is for one who is known. */
  readonly status: number;
  /** For people; default: what the status says. */
  readonly message?: string;
  /** Such as `www-authenticate`. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Says who a plain client is, by its handshake: a cookie, an `Authorization` header, a token in the query. An identity lets it in,
 * until its `expiresAt`: then the connection is closed with 1008. Throw a `HawserError` `token-invalid`, `token-expired` or
 * `forbidden` to refuse, too; any other error refuses with 500, and its text stays in the gateway's log.
 */
export type AuthorizePlain = (
  request: PlainRequest & { readonly route: string },
) => Identity | PlainRefusal | Promise<Identity | PlainRefusal>;

/** @throws ProxyRefusal */
export async function authorizedIdentity(
  authorize: AuthorizePlain,
  request: PlainRequest,
  route: string,
): Promise<Identity> {
  let outcome: Identity | PlainRefusal;
  try {
    outcome = await authorize({ ...request, route });
  } catch (error) {
    throw refusalOf(error);
  }
  if ("user" in outcome) return outcome;
  const { status, message, headers } = outcome;
  const code = status === 401 ? "unauthorized" : status === 429 ? "rate-limited" : "forbidden";
  throw new ProxyRefusal(status, code, message ?? messages[code], headers);
}

const messages = {
  unauthorized: "The handshake does not prove who the client is.",
  forbidden: "This client may not connect here.",
  "rate-limited": "Too many handshakes: wait before the next one.",
} as const;

function refusalOf(error: unknown): ProxyRefusal {
  if (error instanceof HawserError) {
    if (error.code === "token-invalid" || error.code === "token-expired")
      return new ProxyRefusal(401, "unauthorized", error.message);
    if (error.code === "forbidden") return new ProxyRefusal(403, "forbidden", error.message);
  }
  return new ProxyRefusal(500, "internal", "The gateway could not say whether this client may connect.", {}, error);
}
