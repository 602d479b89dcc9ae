import type { Peer } from "../transport/transport.ts";
import { headersOf } from "./header-texts.ts";

/** Who made a handshake. Its headers are asked for when a token comes, and kept as long as the connection. */
export class HandshakePeer implements Peer {
  readonly address: string;
  readonly subprotocol: Peer["subprotocol"];
  readonly request?: NonNullable<Peer["request"]>;
  readonly #headers: string;

  /** @param headers - As `HeaderTexts` makes them. */
  constructor(
    address: string,
    subprotocol: Peer["subprotocol"],
    headers: string,
    request?: NonNullable<Peer["request"]>,
  ) {
    this.address = address;
    this.subprotocol = subprotocol;
    if (request !== undefined) this.request = request;
    this.#headers = headers;
  }

  get headers(): Peer["headers"] {
    return headersOf(this.#headers);
  }
}
