import { httpPollingConnector, httpStreamConnector, webSocketConnector } from "@hawser/client";
import type { Connector, HttpConnectorOptions } from "@hawser/client";
import { protobufCodec } from "@hawser/protocol";
import type { Codec } from "@hawser/protocol";
import { tcpConnector } from "@hawser/client/node";
import type { HawserServer, ServerOptions } from "@hawser/server";
import { WebSocket } from "ws";
import { selfSigned } from "./self-signed.ts";

type Fetch = HttpConnectorOptions["fetch"];

/** A way from a client to a server over which a session must be the same as over every other. */
export interface SessionTransport {
  readonly name: string;
  /** What `createServer` needs for it, beside its port. */
  readonly server: Partial<ServerOptions>;
  /** Where a client connects. */
  urlOf(server: HawserServer): string;
  /** Made anew for each client. A client's codec, where it is not the usual one; over HTTP the `fetch` to use. */
  readonly connector: (codec?: Codec, fetch?: Fetch) => Connector;
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
  http("HTTP stream", (options) => httpStreamConnector(options)),
  http("HTTP events", (options) => httpStreamConnector({ ...options, events: true })),
  http("HTTP polling", (options) => httpPollingConnector(options)),
];

/** What gets through a proxy of HTTP. */
export const webTransports: readonly SessionTransport[] = sessionTransports.filter(({ server }) => !("tcp" in server));

function http(name: string, connector: (options: HttpConnectorOptions) => Connector): SessionTransport {
  return {
    name,
    server: {},
    urlOf: (server) => server.url,
    connector: (codec = protobufCodec, fetch) => connector({ codec, ...(fetch && { fetch }) }),
  };
}
