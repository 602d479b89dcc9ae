import type { ConnectionOptions } from "node:tls";
import type { ClientHeaders } from "../headers/client-headers.ts";
import type { TokenExchangeOptions } from "../upstream/token-exchange.ts";

/** One WebSocket server of a pool. */
export interface TargetOptions {
  /** `ws://10.0.0.5:9000/base` or `wss://...`: what a client asks for is added to its path. */
  readonly url: string;
  /** By which it is drained, logged and counted. Default: host and port of the URL. */
  readonly name?: string;
  /** Its share, against those of the others: 1 to 1,000. Default 1. */
  readonly weight?: number;
  /** Sockets that it gets at most from this node. Default: those of the pool. */
  readonly maxConnections?: number;
  /** For `wss:`, as `tls.connect` takes them. Default: the platform's. */
  readonly tls?: ConnectionOptions;
}

/** Where a pool finds its targets by name. */
export interface DnsOptions {
  /** `ws://service.internal:8080/base`: each address of the host is a target. With `srv`, host and port are those of its answers. */
  readonly url: string;
  /** A name of SRV records, such as `_ws._tcp.service.internal`: their weights count, and only the best priority that answers. */
  readonly srv?: string;
  /** It is asked again when its answer's time to live is over, and behind so long at the latest: 1,000 to 3,600,000. Default 30,000. */
  readonly refreshMs?: number;
  /** But not before, however short that time is; and behind so long, then twice, when nobody has answered: 100 to `refreshMs`. Default 1,000. */
  readonly minRefreshMs?: number;
  /** As those of a target. */
  readonly tls?: ConnectionOptions;
}

/** How a target is chosen among those in service. */
export type Balance = "least-connections" | "two-choices" | "round-robin" | "hash";

/** By what `hash` chooses: the same value goes to the same target as long as that is in service. */
export type HashBy = "user" | "address" | "path" | { readonly header: string };

/** How targets are asked whether they live. */
export interface HealthOptions {
  /**
   * `tcp`: they take a connection; `http`: `GET` is answered with one of `statuses`; `websocket`: they upgrade. Default `http` where
   * there is a path, else `tcp`.
   */
  readonly kind?: "tcp" | "http" | "websocket";
  /** Of `http` and `websocket`. Default `/`. */
  readonly path?: string;
  /** Of `http`. Default 200 to 399. */
  readonly statuses?: readonly number[];
  /** Default 5,000. */
  readonly intervalMs?: number;
  /** Default 2,000. */
  readonly timeoutMs?: number;
  /** So many failures in a row take a target out of service. Default 2. */
  readonly failures?: number;
  /** So many successes in a row put it back. Default 2. */
  readonly successes?: number;
}

/** A pool of WebSocket servers. */
export interface TargetPoolOptions {
  readonly kind?: "websocket";
  /** URLs, or targets with options of their own; up to 1,000. Default: only those of `dns`. */
  readonly targets?: readonly (string | TargetOptions)[];
  /** Targets that come and go by name. Default: only those of `targets`. */
  readonly dns?: DnsOptions;
  /** Default `least-connections`. */
  readonly balance?: Balance;
  /** For `hash`. Default `user`. */
  readonly hashBy?: HashBy;
  /**
   * For `hash`: a target that has so many times its share of all sockets is passed over for the next one of the key; 1.05 to 100,
   * 0: never. Default 0.
   */
  readonly maxHashLoad?: number;
  /**
   * Sent to the targets with each virtual socket's handshake. Values may hold `{user}`, `{session}`, `{address}`, `{path}`, `{pool}` and
   * `{claims.NAME}`, percent-encoded so that none ends its header; where one has no value, the header is not sent. Or a function of
   * the request.
   */
  readonly headers?: ClientHeaders;
  /**
   * At least 32 bytes: targets are told whose socket it is, in a token signed with it, as the header `x-hawser-identity`. Default:
   * they are told nothing.
   */
  readonly identitySecret?: string;
  /** A token of the client's, exchanged for one of the targets', goes with each virtual socket's handshake. Default: none. */
  readonly tokenExchange?: TokenExchangeOptions;
  /** Whether permessage-deflate is offered for virtual sockets. Default false. */
  readonly compression?: boolean;
  /** From asking a target to its answer. Default 5,000. */
  readonly connectTimeoutMs?: number;
  /** So many other targets are tried when one cannot be reached, as long as the budget lasts: a fifth of all connects. Default 2. */
  readonly retries?: number;
  /** Sockets of a target that has no limit of its own. Default 10,000. */
  readonly maxConnections?: number;
  /** Sockets of the whole pool. Default 100,000. */
  readonly maxPoolConnections?: number;
  /** New sockets a second, with a burst of as many; 0: as many as come. Default 0. */
  readonly connectionsPerSecond?: number;
  /** Default: asked by TCP; false: not at all. */
  readonly health?: HealthOptions | false;
  /** So many connects in a row that failed put a target out of service for a while. Default 3. */
  readonly ejectAfter?: number;
  /** Or this part of the last 20: above 0, to 1. Default 0.5. */
  readonly ejectShare?: number;
  /** For how long, the first time; twice as long each time that follows soon. Default 10,000. */
  readonly ejectMs?: number;
  /** And never longer. Default 300,000. */
  readonly maxEjectMs?: number;
  /** At most this part of the targets is left out at once for failing connects; 0: none ever is. Default 0.5. */
  readonly maxEjectedShare?: number;
  /**
   * When this part of the targets or less answers its health checks, those that do not are given sockets as well: the check may be
   * what is broken, and few would not stand what is meant for all. 0: only when none answers; false: never. Default 0.
   */
  readonly panicShare?: number | false;
  /** Over that time the share of a target that is new, or back, grows from a twentieth to the whole. Default 0. */
  readonly slowStartMs?: number;
  /** How long sockets of a target that was taken out of the pool may stay. Default 600,000. */
  readonly drainTimeoutMs?: number;
}
