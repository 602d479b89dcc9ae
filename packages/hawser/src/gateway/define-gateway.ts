import type {
  AuthorizePlain,
  GatewayLimits,
  GatewayPoolOptions,
  NodeRelayOptions,
  RouteOptions,
} from "@hawser/gateway";
import type { Log } from "@hawser/log";
import type {
  ApiOptions,
  Authenticate,
  Authorize,
  ClusterOptions,
  Limits,
  LogLevel,
  OriginPolicy,
} from "@hawser/server";

/** A port for plain clients alone, beside the one that all share. */
export interface PlainPortConfig {
  /** 0: any that is free. */
  readonly port: number;
  /** Default: that of the gateway. */
  readonly host?: string;
  /** Files of certificate and key, seen from the configuration file. Default: no TLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Addresses and ranges of the proxies in front that begin each connection with a PROXY protocol header. Default: none is read. */
  readonly proxyProtocol?: { readonly from: readonly string[] };
}

/** How the nodes of a service reach the virtual sockets of each other: see `NodeRelayOptions` of `@hawser/gateway`. */
export interface RelayConfig extends Omit<NodeRelayOptions, "tls" | "secret"> {
  readonly secret: string;
  /** Files of certificate and key, seen from the configuration file. Default: no TLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** What `hawser.gateway.ts` may export. Only `pools` must be given. */
export interface GatewayConfig {
  /** What is behind the gateway, by name. */
  readonly pools: Readonly<Record<string, GatewayPoolOptions>>;
  /** Which plain clients go to which pool: the first that fits. Default: none, and only virtual sockets are served. */
  readonly routes?: readonly RouteOptions[];
  /** Default 8080; 0: any that is free. */
  readonly port?: number;
  /** Default `127.0.0.1`: this machine only. */
  readonly host?: string;
  /** Where Hawser's own clients connect. Default `/hawser`. */
  readonly path?: string;
  /** Default: plain clients come by the same port as all others. */
  readonly plain?: PlainPortConfig;
  /** Secret (HS256) of the tokens of Hawser's own clients. Without it and `authenticate` they are anonymous. */
  readonly secret?: string;
  /** Says who a client of Hawser's own is. Not together with `secret`. */
  readonly authenticate?: Authenticate;
  /** Says who may open which pool (verb `open`). Default: whoever was let in, as capabilities say. */
  readonly authorize?: Authorize;
  /** Says who a plain client is, and whether it may connect. Default: everybody may; the servers behind decide. */
  readonly authorizePlain?: AuthorizePlain;
  /** Serve the console page at `/`, with the call `hawser.gateway` behind it. Default: only where clients are anonymous. */
  readonly page?: boolean;
  /** Web pages whose Hawser clients may connect. Default `same-origin`. */
  readonly origins?: OriginPolicy;
  /** Addresses and ranges of the proxies in front, whose `X-Forwarded-*` are believed. Default: none. */
  readonly trustProxy?: readonly string[];
  /** The HTTP API: pools at run time, pushes to the sockets of HTTP back ends. Default: there is none. */
  readonly api?: ApiOptions;
  /** The bases of the other nodes' APIs by their names, to which pushes are passed on. Default: those that `cluster` knows. */
  readonly peers?: Readonly<Record<string, string>>;
  /** One JSON line for each plain connection: `stdout`, or a file, seen from the configuration file. Default: none. */
  readonly accessLog?: string;
  /** This node's name, the same after a restart. Default: drawn. */
  readonly name?: string;
  /** The log that nodes share. Default: in memory. */
  readonly log?: Log;
  /** Public addresses of this node alone, such as `wss://a.example.org/hawser`: clients find their sockets there again. Default: none. */
  readonly addresses?: readonly string[];
  /** The node finds the others that share its log. Default false. */
  readonly cluster?: boolean | ClusterOptions;
  /** Clients that come to another node go on with their virtual sockets there. Default: those are gone then. */
  readonly relay?: RelayConfig;
  /** For how long a drain lets sockets live, at SIGTERM and SIGINT. Default 30,000; 0: not at all. */
  readonly drainMs?: number;
  /** Default `info`. */
  readonly logLevel?: LogLevel;
  readonly limits?: GatewayLimits & {
    /** Of the server that Hawser's own clients connect to. */
    readonly server?: Partial<Limits>;
  };
}

/**
 * Gives a gateway's configuration its types; it returns what it gets.
 *
 * ```ts
 * // hawser.gateway.ts
 * import { defineGateway } from "hawser";
 *
 * export default defineGateway({
 *   port: 8080,
 *   pools: { quotes: { targets: ["ws://10.0.0.5:9000", "ws://10.0.0.6:9000"] } },
 *   routes: [{ path: "/quotes/**", pool: "quotes" }],
 * });
 * ```
 */
export function defineGateway(config: GatewayConfig): GatewayConfig {
  return config;
}
