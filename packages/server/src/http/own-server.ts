import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo, Server as NetServer } from "node:net";
import type { DoorObserver } from "../observe/metrics.ts";
import type { Limits } from "../policy/limits.ts";
import { PendingHandshakes } from "./pending-handshakes.ts";

/** How often Node looks for requests that take too long; its default of 30 s would make shorter limits idle. */
const maxCheckIntervalMs = 1_000;

/** An HTTP server of Hawser's own. */
export interface OwnHttpServer {
  readonly server: Server;
  readonly pending: PendingHandshakes;
}

/** Makes one with the handshake's limits on it. */
export function ownHttpServer(
  handle: (request: IncomingMessage, response: ServerResponse) => void,
  limits: Limits,
  observer: DoorObserver,
): OwnHttpServer {
  const server = createServer(
    {
      maxHeaderSize: limits.maxHandshakeBytes,
      headersTimeout: limits.handshakeTimeoutMs,
      requestTimeout: limits.handshakeTimeoutMs,
      connectionsCheckingInterval: Math.min(limits.handshakeTimeoutMs, maxCheckIntervalMs),
    },
    handle,
  );
  // Node leaves out headers above this number: one more than the limit, so that the door sees that there are more.
  server.maxHeadersCount = limits.maxHandshakeHeaders + 1;
  // Beyond what may be connected and what may be pending, the kernel's queue is the place to wait.
  server.maxConnections = limits.maxConnections + limits.maxPendingHandshakes + 1;
  const pending = new PendingHandshakes(limits.maxPendingHandshakes, () => observer.handshakeEvicted());
  pending.watch(server);
  return { server, pending };
}

/** Listens, or rejects with the error of the platform (`EADDRINUSE`, ...). */
export function listen(server: NetServer, port: number, host: string | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/** Stops listening and ends every request; upgraded sockets are not its business. */
export function closeHttpServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** `host:port` where a server can be reached from this machine, or `undefined` while it does not listen on a port. */
export function reachableAt(server: NetServer): string | undefined {
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === "string") return undefined;
  const anywhere = address.address === "::" || address.address === "0.0.0.0";
  const host = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return `${anywhere ? "localhost" : host}:${address.port}`;
}
