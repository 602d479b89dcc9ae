import type { IncomingHttpHeaders } from "node:http";
import type { Peer } from "../transport/transport.ts";

/** Of use to the transport alone, and to nobody behind it. */
const ofTransport: ReadonlySet<string> = new Set([
  "connection",
  "upgrade",
  "sec-websocket-extensions",
  "sec-websocket-key",
  "sec-websocket-version",
]);

/**
 * Who made a handshake. Its headers are asked for when a token comes, and kept as long as the connection: as one piece of
 * text, which takes a fraction of what an object of them does.
 */
export class HandshakePeer implements Peer {
  readonly address: string;
  readonly subprotocol: Peer["subprotocol"];
  readonly #headers: string;

  constructor(address: string, subprotocol: Peer["subprotocol"], headers: IncomingHttpHeaders) {
    this.address = address;
    this.subprotocol = subprotocol;
    this.#headers = JSON.stringify(Object.entries(headers).filter(([name]) => !ofTransport.has(name)));
  }

  get headers(): Peer["headers"] {
    return plainHeaders(JSON.parse(this.#headers) as [string, string | string[]][]);
  }
}

/** The headers as a core gets them: lower case, one string each, and no prototype that a name could reach. */
export function plainHeaders(headers: Iterable<[string, string | string[] | undefined]>): Peer["headers"] {
  const plain: Record<string, string | undefined> = Object.create(null) as Record<string, string | undefined>;
  for (const [name, value] of headers) plain[name] = Array.isArray(value) ? value.join(", ") : value;
  return Object.freeze(plain);
}
