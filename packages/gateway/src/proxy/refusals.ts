import { HawserError } from "@hawser/protocol";
import { ProxyRefusal } from "./answer.ts";
import type { CloseCause } from "./proxied-connection.ts";

/** The handshake took too long. */
export const overdue = new ProxyRefusal(
  504,
  "upstream-timeout",
  "The server behind did not answer the handshake in time.",
);

/** No target of the pool, or no pool. */
export function unavailable(cause: unknown): ProxyRefusal {
  return new ProxyRefusal(
    503,
    "upstream-unavailable",
    "No server behind can take the connection now.",
    { "retry-after": "5" },
    cause,
  );
}

function overloaded({ retryAfterMs }: HawserError): ProxyRefusal {
  const seconds = String(Math.max(1, Math.ceil(retryAfterMs / 1_000)));
  const message = "The servers behind take no more connections now: try again.";
  return new ProxyRefusal(503, "overloaded", message, { "retry-after": seconds });
}

/** The proxy has closed a client that was still shaking hands. */
export function closedEarly(cause: CloseCause): ProxyRefusal {
  if (cause === "right-gone") return new ProxyRefusal(403, "forbidden", "The right to this connection is gone.");
  return new ProxyRefusal(503, "draining", "The gateway is going away: connect again.", { "retry-after": "1" });
}

/** What a client is told of an error: nothing of who is behind. */
export function refusalOf(error: unknown): ProxyRefusal {
  if (error instanceof ProxyRefusal) return error;
  // What the pool says of its targets is not for clients.
  if (error instanceof HawserError && error.code === "upstream-unavailable") return unavailable(error);
  // Limits of the pool: no server has failed.
  if (error instanceof HawserError && (error.code === "overloaded" || error.code === "rate-limited"))
    return overloaded(error);
  return new ProxyRefusal(
    502,
    "upstream-failed",
    "The server behind could not be reached, or did not answer as HTTP.",
    {},
    error,
  );
}
