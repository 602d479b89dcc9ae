import type { IncomingMessage, Server } from "node:http";
import type { Logger } from "../observe/logger.ts";
import type { DoorObserver } from "../observe/metrics.ts";
import type { Limits } from "../policy/limits.ts";
import { answerOrNotFound } from "./endpoints.ts";
import type { RequestHandler } from "./endpoints.ts";
import { closeHttpServer, listen, ownHttpServer, reachableAt } from "./own-server.ts";

/** The HTTP server that a door is in: an own one, or the application's. */
export interface Listener {
  readonly server: Server;
  /** Others may take upgrades of it too. */
  readonly shared: boolean;
  /** Own: listens. The application's: nothing, since the application does that. */
  open(): Promise<void>;
  /** Own: stops listening. The application's: nothing. */
  close(): Promise<void>;
  /** A request was let in, and occupies its socket until what is returned is called. */
  occupy(request: IncomingMessage): () => void;
  /** `host:port`, or `undefined` while it does not listen. */
  readonly reachableAt: string | undefined;
}

export interface OwnListenerOptions {
  readonly port: number;
  readonly host: string | undefined;
  readonly limits: Limits;
  readonly handle: RequestHandler;
  readonly observer: DoorObserver;
  readonly logger: Logger;
}

/** A port of Hawser's own. */
export function ownListener(options: OwnListenerOptions): Listener {
  const { server, pending } = ownHttpServer(answerOrNotFound(options.handle), options.limits, options.observer);
  return {
    server,
    shared: false,
    open: async () => {
      await listen(server, options.port, options.host);
      // Such as too many open files: one connection could not be taken, which must not end all others.
      server.on("error", (error) => options.logger.error({ error }, "a connection could not be taken"));
    },
    close: () => closeHttpServer(server),
    occupy: (request) => pending.occupy(request.socket),
    get reachableAt() {
      return reachableAt(server);
    },
  };
}

/** The application's server, of which only upgrades are taken. */
export function attachedListener(server: Server): Listener {
  return {
    server,
    shared: true,
    open: () => Promise.resolve(),
    close: () => Promise.resolve(),
    occupy: () => () => {},
    get reachableAt() {
      return reachableAt(server);
    },
  };
}
