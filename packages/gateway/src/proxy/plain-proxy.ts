import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { systemPorts } from "@hawser/protocol";
import type { Ports } from "@hawser/protocol";
import { silentLogger } from "@hawser/server";
import type { Logger } from "@hawser/server";
import type { AccessLog } from "./access-log.ts";
import { ProxyRefusal } from "./answer.ts";
import type { AuthorizePlain } from "./authorize-plain.ts";
import { ConnectionCounts } from "./connection-counts.ts";
import { clientOrigins } from "./forwarded.ts";
import type { ClientPeer } from "./forwarded.ts";
import { resolveProxyLimits } from "./limits.ts";
import type { ProxyLimits } from "./limits.ts";
import { PlainClient } from "./plain-client.ts";
import type { IdentityHeaders, PlainClientHost } from "./plain-client.ts";
import type { ProxyPools } from "./pool-port.ts";
import { chooseRoute, compileRoutes } from "./route.ts";
import type { Route, RouteOptions } from "./route.ts";

export interface PlainProxyOptions {
  readonly pools: ProxyPools;
  /** The first that fits a handshake is taken. */
  readonly routes: readonly RouteOptions[];
  /** Addresses and ranges of the proxies in front, whose `X-Forwarded-*` and `Forwarded` are believed and added to. Default: none. */
  readonly trustProxy?: readonly string[];
  readonly limits?: Partial<ProxyLimits>;
  /** Default: everybody is let in, and the targets decide. */
  readonly authorize?: AuthorizePlain;
  /** What targets are told of a client that was authorised. Default: nothing. */
  readonly identityHeaders?: IdentityHeaders;
  /** Names that only the gateway may say to targets, beside all that begin with `x-hawser-`: clients' are taken out. */
  readonly reservedHeaders?: readonly string[];
  readonly accessLog?: AccessLog;
  /** Default: says nothing. */
  readonly logger?: Logger;
  /** Default: the system's. */
  readonly ports?: Ports;
}

/**
 * A load balancer for WebSocket clients that know nothing of Hawser: a handshake is routed by host, path and subprotocol to a pool,
 * passed on to one of its targets, and from the target's 101 on bytes pass as they are.
 *
 * @example
 * ```ts
 * const proxy = new PlainProxy({ pools, routes: [{ path: "/graphql", pool: "api" }, { pool: "web" }] });
 * server.on("upgrade", (request, socket, head) => proxy.upgrade(request, socket, head));
 * ```
 */
export class PlainProxy {
  readonly #limits: ProxyLimits;
  readonly #ports: Ports;
  readonly #counts: ConnectionCounts;
  readonly #host: PlainClientHost;
  readonly #clients = new Set<PlainClient>();
  #routes: readonly Route[];
  #pending = 0;
  #draining = false;
  /** Those who wait for the last client to go. */
  #waiting: (() => void)[] = [];

  /** @throws HawserError `option-invalid` */
  constructor(options: PlainProxyOptions) {
    const { limits, routes, trustProxy = [], ports = systemPorts(), logger = silentLogger } = options;
    this.#ports = ports;
    this.#limits = resolveProxyLimits(limits);
    this.#routes = compileRoutes(routes);
    this.#counts = new ConnectionCounts(this.#limits);
    this.#host = {
      ports,
      logger,
      limits: this.#limits,
      originOf: clientOrigins(trustProxy),
      pools: options.pools,
      authorize: options.authorize,
      identityHeaders: options.identityHeaders,
      reservedHeaders: options.reservedHeaders ?? [],
      accessLog: options.accessLog,
      routeOf: (query) => {
        const route = chooseRoute(this.#routes, query);
        if (route === undefined) throw new ProxyRefusal(404, "no-route", "No route leads from here to a server.");
        return route;
      },
      take: (route, address) => this.#counts.take(route, address),
    };
  }

  /** Plain connections, handshakes that are under way among them. */
  get connections(): number {
    return this.#clients.size;
  }

  /** Those of a route, by its name. */
  connectionsOf(route: string): number {
    return this.#counts.ofRoute(route);
  }

  /**
   * From now on handshakes go by these routes, all at once. Connections and handshakes that there are keep theirs.
   *
   * @throws HawserError `option-invalid`: then the routes stay as they are.
   */
  setRoutes(routes: readonly RouteOptions[]): void {
    this.#routes = compileRoutes(routes);
  }

  /**
   * Takes an upgrade of an HTTP server, and answers it in any case.
   *
   * @param peer - Where the client is, if the socket does not say (as behind the PROXY protocol).
   */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, peer: ClientPeer = peerOf(socket as Socket)): void {
    const client = new PlainClient({ request, socket: socket as Socket, head, peer, host: this.#host });
    this.#clients.add(client);
    this.#pending += 1;
    const refusal = this.#draining
      ? draining
      : this.#pending > this.#limits.maxPendingHandshakes
        ? overloaded
        : undefined;
    void client.connect(refusal).finally(() => (this.#pending -= 1));
    client.onGone = () => {
      this.#clients.delete(client);
      if (this.#clients.size === 0) for (const resolve of this.#waiting.splice(0)) resolve();
    };
  }

  /** The rights of a user are gone: closes what he has open, with 1008. */
  closeUser(user: string): void {
    for (const client of this.#clients) if (client.user === user) client.close("right-gone");
  }

  /**
   * Lets nobody in from now on (HTTP 503 `draining`), and closes the connections with 1001, evenly over the time, so that they do
   * not all come to the other nodes at once. Resolves when all are gone; at the deadline those that are left are cut.
   */
  async drain(deadlineMs: number): Promise<void> {
    this.#draining = true;
    const { timers } = this.#ports;
    const clients = [...this.#clients];
    // The last ones need time for their closing handshake.
    const spreadMs = Math.max(0, deadlineMs - this.#limits.closeTimeoutMs);
    const planned = clients.map((client, index) =>
      timers.after((spreadMs * index) / clients.length, () => client.close("drain")),
    );
    planned.push(timers.after(deadlineMs, () => this.#cut()));
    await this.#emptied();
    for (const timer of planned) timer.cancel();
  }

  /** Lets nobody in, and cuts what is open. */
  async close(): Promise<void> {
    this.#draining = true;
    this.#cut();
    await this.#emptied();
  }

  #cut(): void {
    for (const client of this.#clients) client.cut("drain");
  }

  #emptied(): Promise<void> {
    if (this.#clients.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

/** What a socket says of its other end. */
export function peerOf(socket: Socket): ClientPeer {
  return {
    address: socket.remoteAddress ?? "",
    port: socket.remotePort ?? 0,
    secure: "encrypted" in socket && socket.encrypted === true,
  };
}

const overloaded = new ProxyRefusal(503, "overloaded", "Too many handshakes are under way: try again.", {
  "retry-after": "1",
});
const draining = new ProxyRefusal(503, "draining", "The gateway is going away: connect again, to another.", {
  "retry-after": "1",
});
