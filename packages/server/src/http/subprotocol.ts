import { sharedSubprotocol } from "@hawser/protocol";
import type { Peer } from "../transport/transport.ts";

/** What a WebSocket may speak: one client's messages, or those of several that share it. */
export type Subprotocol = Peer["subprotocol"] | typeof sharedSubprotocol;

/** In the order of the server's preference. */
const known: readonly Subprotocol[] = ["hawser.v1", "hawser.v1.json", sharedSubprotocol];

/** The subprotocol to speak of those that a client offers, or `undefined` when it offers none that is known (WIRE-1). */
export function chooseSubprotocol(offered: Iterable<string>): Subprotocol | undefined {
  const names = new Set(offered);
  return known.find((name) => names.has(name));
}

/** The names that a `Sec-WebSocket-Protocol` header offers (RFC 6455, section 4.1). */
export function offeredSubprotocols(header: string | undefined): string[] {
  return (header ?? "").split(",").map((name) => name.trim());
}
