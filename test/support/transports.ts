import { webSocketConnector } from "@hawser/client";
import type { Connector } from "@hawser/client";
import { tcpConnector } from "@hawser/client/node";
import type { HawserServer, ServerOptions } from "@hawser/server";
import { WebSocket } from "ws";
import { selfSigned } from "./self-signed.ts";

/** A way from a client to a server over which a session must be the same as over every other. */
export interface SessionTransport {
  readonly name: string;
  /** What `createServer` needs for it, beside its port. */
  readonly server: Partial<ServerOptions>;
  /** Where a client connects. */
  urlOf(server: HawserServer): string;
  /** Made anew for each client. */
  connector(): Connector;
}

/** Every transport of a client in Node. A new one is added here, and has to pass what is run over all. */
export const sessionTransports: readonly SessionTransport[] = [
  {
    name: "WebSocket",
    server: {},
    urlOf: (server) => server.url,
    connector: () => webSocketConnector({ WebSocket }),
  },
  {
    name: "TCP",
    server: { tcp: { port: 0 } },
    urlOf: (server) => server.tcpUrl,
    connector: () => tcpConnector(),
  },
  {
    name: "TLS",
    server: { tcp: { port: 0, tls: selfSigned } },
    urlOf: (server) => server.tcpUrl,
    connector: () => tcpConnector({ tls: { ca: selfSigned.cert } }),
  },
];
