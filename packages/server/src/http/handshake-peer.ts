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
 * text (no header holds a line feed), which takes a fraction of what an object of them does.
 */
export class HandshakePeer implements Peer {
  readonly address: string;
  readonly subprotocol: Peer["subprotocol"];
  readonly request?: NonNullable<Peer["request"]>;
  readonly #headers: string;

  constructor(
    address: string,
    subprotocol: Peer["subprotocol"],
    headers: IncomingHttpHeaders,
    request?: NonNullable<Peer["request"]>,
  ) {
    this.address = address;
    this.subprotocol = subprotocol;
    if (request !== undefined) this.request = request;
    const lines = Object.entries(headers)
      .filter(([name]) => !ofTransport.has(name))
      .flatMap(([name, value]) => [name, textOf(value)]);
    this.#headers = lines.join("\n");
  }

  /** Lower case, one string each, and no prototype that a name could reach. */
  get headers(): Peer["headers"] {
    const headers: Record<string, string> = Object.create(null) as Record<string, string>;
    const lines = this.#headers.split("\n");
    for (let index = 0; index + 1 < lines.length; index += 2) headers[lines[index]!] = lines[index + 1]!;
    return Object.freeze(headers);
  }
}

function textOf(value: string | string[] | undefined): string {
  return Array.isArray(value) ? value.join(", ") : (value ?? "");
}
