import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { HawserError } from "@hawser/protocol";
import type { Contract, MethodName, ReplyInputOf, RequestOf } from "@hawser/protocol";
import type { Log } from "@hawser/log";
import { checkApi } from "./api/api-options.ts";
import type { ApiOptions } from "./api/api-options.ts";
import type { Authenticate, Authorize } from "./auth/identity.ts";
import type { ClusterOptions } from "./cluster/cluster-options.ts";
import { checkEndpoints } from "./drain/endpoints.ts";
import type { ServerGroup } from "./group.ts";
import type { OriginPolicy } from "./http/origin.ts";
import type { CallContext } from "./node-options.ts";
import type { Logger } from "./observe/logger.ts";
import type { CompressionOptions } from "./policy/compression-options.ts";
import type { ChannelOptions } from "./policy/channel-options.ts";
import type { Limits } from "./policy/limits.ts";
import type { ServerPart } from "./server-part.ts";
import type { SocketService } from "./sockets/socket-service.ts";
import type { TcpOptions } from "./tcp/tcp-door.ts";

/** The handlers of calls by method, with the types of the contract, if there is one. */
export type CallHandlers<C> = {
  readonly [Method in MethodName<C>]?: (request: RequestOf<C, Method>, context: CallContext) => CallReply<C, Method>;
};

type CallReply<C, Method extends string> = ReplyInputOf<C, Method> | Promise<ReplyInputOf<C, Method>>;

/** What a server is made of. Only `log` and `authenticate` must be given. */
export interface ServerOptions<C extends Contract = Contract> {
  /** Where channels are stored; the server opens and closes it. */
  readonly log: Log;
  /** Says who a client is: `anonymous()`, `jwt(...)`, or a function of the application's own. */
  readonly authenticate: Authenticate;
  /** Asked after capabilities have allowed, for each verb and name. Default: allows. */
  readonly authorize?: Authorize;
  /** The port to listen on; 0: any that is free. Default 8080. Not together with `server`. */
  readonly port?: number;
  /** The address to listen on. Default: all. Not together with `server`. */
  readonly host?: string;
  /** An HTTP server of the application's, whose upgrades to `path` are taken. The application makes it listen. */
  readonly server?: Server;
  /** A port for programs that are not browsers: the same frames over TCP or TLS, without HTTP. Default: none. */
  readonly tcp?: TcpOptions;
  /** The path of the WebSocket. Default `/hawser`. */
  readonly path?: string;
  /**
   * Answers the requests on the server's own port that are not the server's, such as those for a page, and says whether
   * it did; what it leaves is answered with 404. Not together with `server`.
   */
  readonly onRequest?: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** Whether `/metrics` is answered, which needs no token. Default true; false where the port is open to the public. */
  readonly metrics?: boolean;
  /** Labels that all of this server's metrics carry, such as `{ worker: "2" }`. Default: none. */
  readonly metricLabels?: Readonly<Record<string, string>>;
  /** The other servers for which this one answers `/metrics` and `/admin/drain`, too. Default: it is alone. */
  readonly group?: ServerGroup;
  /** What else lives on its port, such as a gateway. Default: nothing. */
  readonly parts?: readonly ServerPart[];
  /** Which web pages may connect. Default `same-origin`. */
  readonly origins?: OriginPolicy;
  /**
   * Addresses and ranges of the proxies in front, such as `["10.0.0.0/8"]`, whose `X-Forwarded-For` and
   * `X-Forwarded-Proto` are believed. Default: none.
   */
  readonly trustProxy?: readonly string[];
  /** What holds for channels, by pattern; the first that matches counts. */
  readonly channels?: readonly ChannelOptions[];
  /** The calls that clients can make. */
  readonly calls?: CallHandlers<C>;
  /** The schemas of channels and calls, by which what comes in is validated. */
  readonly contract?: C;
  /**
   * Compresses what subscribers are sent, once for all at the same place, for the clients that take it; what clients send may
   * come compressed then. Default false; true takes the defaults. `limits.minDeflateBytes` says from which size on.
   */
  readonly compression?: boolean | CompressionOptions;
  readonly limits?: Partial<Limits>;
  /** Any pino logger fits. Default: JSON lines to standard error, from level `info`. */
  readonly logger?: Logger;
  /**
   * Who has a token of `adminToken` for this secret, or for one of them, may drain this server over HTTP, by `/admin/drain`. At
   * least 32 bytes each. Default: none, and nobody may.
   */
  readonly adminSecret?: string | Uint8Array | readonly (string | Uint8Array)[];
  /** The HTTP API for back ends, below `path` at `/api/v1`. Default: there is none. */
  readonly api?: ApiOptions;
  /**
   * The node finds the others that share its log, and they know of it: `true`, or how. Default: true with `api`, whose answers are for
   * all nodes, else false.
   */
  readonly cluster?: boolean | ClusterOptions;
  /**
   * Public addresses of the other nodes, such as `wss://b.example.org/hawser`, at most 32: where a drain sends clients to.
   * Those of nodes that the cluster knows come in their place. Default: none, and clients choose among the addresses that they know.
   */
  readonly peers?: readonly string[];
  /** Opens virtual sockets: the home of `@hawser/gateway`. Default: there are none here. */
  readonly sockets?: SocketService;
  /** Told to clients, and in logs. Default: `hawser-` and eight random digits. */
  readonly name?: string;
  /**
   * Signs the grants of users without the right to history; at least 16 bytes, the same on all nodes and after a
   * restart. Default: random, so that those users begin anew when the process does.
   */
  readonly secret?: string | Uint8Array;
}

const optionNames: ReadonlySet<string> = new Set<keyof ServerOptions>([
  "adminSecret",
  "api",
  "log",
  "authenticate",
  "authorize",
  "port",
  "host",
  "server",
  "tcp",
  "path",
  "onRequest",
  "metrics",
  "metricLabels",
  "group",
  "origins",
  "trustProxy",
  "channels",
  "calls",
  "cluster",
  "compression",
  "contract",
  "limits",
  "logger",
  "name",
  "parts",
  "peers",
  "secret",
  "sockets",
]);

/**
 * Looks at what can be wrong with options before anything is made of them; limits, channels, origins and proxies are
 * looked at where they are read.
 *
 * @throws HawserError `option-invalid`, naming the option.
 */
export function checkOptions<C extends Contract>(options: ServerOptions<C>): void {
  const refuse = (name: string, reason: string): never => {
    throw new HawserError("option-invalid", `${name} ${reason}.`);
  };
  for (const name of Object.keys(options)) if (!optionNames.has(name)) refuse(name, "is not an option of createServer");
  if (typeof options.log?.append !== "function") refuse("log", "must be given, such as memoryLog() of @hawser/log");
  if (typeof options.authenticate !== "function")
    refuse("authenticate", "must be given: anonymous(), jwt(...), or a function");
  if (options.authorize !== undefined && typeof options.authorize !== "function")
    refuse("authorize", "must be a function");
  const { server, port, host, path, name, metrics, metricLabels = {} } = options;
  if (server !== undefined && (port !== undefined || host !== undefined))
    refuse("server", "does not go together with port and host");
  if (server !== undefined && options.onRequest !== undefined)
    refuse("onRequest", "does not go together with server: it answers on the server's own port");
  if (server !== undefined && typeof server.on !== "function") refuse("server", "must be an http.Server");
  if (port !== undefined && !isPort(port)) refuse("port", "must be an integer from 0 to 65535");
  checkTcp(options.tcp, refuse);
  if (options.sockets !== undefined && typeof options.sockets.attach !== "function")
    refuse("sockets", "must be the home of a gateway");
  if (path !== undefined && !/^\/[^?#\s]*$/.test(path))
    refuse("path", "must start with / and have no query, fragment or white space");
  if (metrics !== undefined && typeof metrics !== "boolean") refuse("metrics", "must be true or false");
  for (const [label, value] of Object.entries(metricLabels)) {
    if (!/^[a-z_][a-z0-9_]*$/i.test(label) || typeof value !== "string")
      refuse(`metricLabels.${label}`, "must be a name of letters, digits and _, with text");
  }
  if (name !== undefined && (name === "" || name.length > 128)) refuse("name", "must have 1 to 128 characters");
  checkEndpoints("peers", options.peers ?? []);
  checkApi(options.api);
  for (const [method, handler] of Object.entries(options.calls ?? {})) {
    if (typeof handler !== "function") refuse(`calls.${method}`, "must be a function");
  }
}

function checkTcp(tcp: unknown, refuse: (name: string, reason: string) => never): void {
  if (tcp === undefined) return;
  if (typeof tcp !== "object" || tcp === null) refuse("tcp", "must be an object such as { port: 7420 }");
  const { port, host, tls, ...rest } = tcp as Record<string, unknown>;
  for (const name of Object.keys(rest)) refuse(`tcp.${name}`, "is not an option of tcp");
  if (!isPort(port)) refuse("tcp.port", "must be an integer from 0 to 65535");
  if (host !== undefined && typeof host !== "string") refuse("tcp.host", "must be an address");
  if (tls !== undefined && (typeof tls !== "object" || tls === null)) refuse("tcp.tls", "must hold key and cert");
}

function isPort(port: unknown): boolean {
  return typeof port === "number" && Number.isInteger(port) && port >= 0 && port <= 65_535;
}
