import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Operation } from "./api/operation.ts";
import type { OnRegistered, Register } from "./register/register.ts";

/** What a server gives its parts. */
export interface PartHost {
  /**
   * A register in the server's log: what is set there is known to all nodes of the log, also to those that start later. What it
   * holds is told before it resolves. Rejects with `log-unavailable`.
   */
  openRegister(name: string, onChange: OnRegistered): Promise<Register>;
}

/** Something else that lives on a server's port and is operated with it, such as a gateway. */
export interface ServerPart {
  /** Called once the log is open, before anybody is let in: a rejection ends the start of the server. */
  readonly start?: (host: PartHost) => Promise<void>;
  /** Added to the HTTP API, if there is one. */
  readonly operations?: readonly Operation[];
  /** Shown behind the server's own in `/metrics`, in the Prometheus text format. */
  readonly metrics?: () => Promise<string>;
  /** Takes an upgrade to another path than the server's own, and says whether it did. */
  readonly upgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean;
}
