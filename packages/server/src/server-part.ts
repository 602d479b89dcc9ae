import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Operation } from "./api/operation.ts";

/** Something else that lives on a server's port and is operated with it, such as a gateway. */
export interface ServerPart {
  /** Added to the HTTP API, if there is one. */
  readonly operations?: readonly Operation[];
  /** Shown behind the server's own in `/metrics`, in the Prometheus text format. */
  readonly metrics?: () => Promise<string>;
  /** Takes an upgrade to another path than the server's own, and says whether it did. */
  readonly upgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean;
}
