import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { HawserError, systemPorts } from "@hawser/protocol";
import type { Timers } from "@hawser/protocol";
import { silentLogger } from "@hawser/server";
import type { Logger, Operation, PartHost, ServerPart, SocketService } from "@hawser/server";
import { poolOperations } from "./api/pool-operations.ts";
import { pushOperations } from "./api/push-operations.ts";
import { askNode } from "./backend/ask-node.ts";
import { nodeMark } from "./backend/backends.ts";
import { nodePoster } from "./backend/http-post.ts";
import type { Poster } from "./backend/http-post.ts";
import { peersOf } from "./backend/peers.ts";
import { gatewayFaults } from "./gateway-options.ts";
import type { GatewayOptions, GatewayReload } from "./gateway-options.ts";
import { GatewayPools } from "./gateway-pools.ts";
import type { PoolFigures } from "./gateway-pools.ts";
import { resolveHomeLimits } from "./home/home-limits.ts";
import { Home } from "./home/home.ts";
import { GatewayMetrics } from "./observe/gateway-metrics.ts";
import { PlainProxy } from "./proxy/plain-proxy.ts";
import { SharedPools } from "./shared-pools.ts";
import { NodeRelay } from "./relay/node-relay.ts";
import { identityHeader } from "./upstream/identity-header.ts";
import { probe } from "./pool/node/probe.ts";
import { resolve } from "./pool/node/resolve.ts";

/** How long a gateway that closes waits for HTTP back ends to be told. */
const maxTellMs = 5_000;

/**
 * Makes a gateway: what is behind it, and how clients come to it.
 *
 * @example
 * ```ts
 * const gateway = createGateway({ pools: { app: { kind: "http", url, secret } }, routes: [{ pool: "app" }] });
 * const { sockets } = gateway;
 * const server = createServer({ log: memoryLog(), authenticate: anonymous(), sockets, parts: [gateway] });
 * await server.listen();
 * ```
 *
 * @throws HawserError `option-invalid`, naming everything that is wrong.
 */
export function createGateway(options: GatewayOptions): Gateway {
  return new Gateway(options);
}

/** A gateway: pools, the proxy of plain clients, and what operates them. It is a part of a server, or has a port of its own. */
export class Gateway implements ServerPart {
  /** As in `GatewayOptions.name`. */
  readonly name: string;
  /** Those of its HTTP API. */
  readonly operations: readonly Operation[];
  /** Plain clients. A port of their own hands upgrades to it, too. */
  readonly proxy: PlainProxy;
  /** Virtual sockets: what a server takes as `sockets`. */
  readonly sockets: SocketService;
  readonly #home: Home;
  readonly #relay: NodeRelay | undefined;
  readonly #poster: Poster = nodePoster();
  readonly #metrics = new GatewayMetrics();
  readonly #pools: GatewayPools;
  readonly #shared: SharedPools;
  readonly #logger: Logger;
  readonly #timers: Timers;
  #options: GatewayOptions;

  /** Use `createGateway`. */
  constructor(options: GatewayOptions) {
    throwFaults(options);
    this.#options = options;
    this.name = options.name ?? `gateway-${randomBytes(4).toString("hex")}`;
    this.#logger = options.logger ?? silentLogger;
    const ports = systemPorts();
    this.#timers = ports.timers;
    this.#pools = new GatewayPools({
      ...ports,
      node: this.name,
      poster: this.#poster,
      logger: this.#logger,
      observer: this.#metrics,
      probe,
      resolve,
      limits: resolveHomeLimits(options.limits?.sockets),
    });
    this.#shared = new SharedPools(this.#pools, this.#logger);
    this.#shared.configure(options.pools);
    const { authorizePlain, trustProxy, accessLog, limits, endpoints } = options;
    this.#home = new Home({
      ...ports,
      name: this.name,
      upstreams: this.#pools,
      observer: {
        opened: (pool) => this.#metrics.opened(pool),
        refused: (pool, code) => this.#metrics.refused(pool, code),
        attached: (pool) => this.#metrics.attached(pool),
        over: (record) => {
          this.#metrics.over(record);
          accessLog?.socket?.(record);
        },
      },
      ...(endpoints === undefined ? {} : { endpoints }),
      ...(limits?.sockets === undefined ? {} : { limits: limits.sockets }),
    });
    const { relay, relayOf = () => undefined } = options;
    this.#relay = relay && new NodeRelay(relay, { home: this.#home, ports, logger: this.#logger, relayOf });
    this.sockets = this.#relay?.sockets ?? this.#home;
    this.proxy = new PlainProxy({
      pools: this.#pools,
      routes: options.routes ?? [],
      ports,
      logger: this.#logger,
      reservedHeaders: [identityHeader],
      identityHeaders: ({ identity, request, pool }) =>
        this.#pools.identityHeaders({ user: identity.user, pool, address: request.address }),
      accessLog: {
        record: (record) => {
          this.#metrics.record(record);
          accessLog?.record(record);
        },
      },
      ...(trustProxy === undefined ? {} : { trustProxy }),
      ...(authorizePlain === undefined ? {} : { authorize: authorizePlain }),
      ...(limits?.proxy === undefined ? {} : { limits: limits.proxy }),
    });
    this.operations = [
      ...poolOperations(this.#pools, this.#shared),
      ...pushOperations({
        backends: this.#pools.backends,
        mark: nodeMark(this.name),
        peers: peersOf(options.peers ?? {}, options.nodes ?? (() => [])),
        post: askNode(this.#poster),
      }),
    ];
  }

  /** Plain connections and virtual sockets now. */
  get connections(): number {
    return this.proxy.connections + this.#home.size;
  }

  /** The port on which other nodes reach the sockets whose home this is; 0: there is none, or it is not open. */
  get relayPort(): number {
    return this.#relay?.port ?? 0;
  }

  /** Takes up the pools that were put over the HTTP API, of whichever node. A server calls it. Rejects with `log-unavailable`. */
  readonly start = (host: PartHost): Promise<void> => this.#shared.open(host);

  /** Opens the port of its relay, if it has one. Rejects with the platform's error when the port cannot be had. */
  async open(): Promise<void> {
    await this.#relay?.open();
  }

  /** Takes an upgrade to another path than the server's own, and answers it in any case. */
  readonly upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): boolean => {
    this.proxy.upgrade(request, socket, head);
    return true;
  };

  /** Its metrics, in the Prometheus text format. */
  readonly metrics = (): Promise<string> => this.#metrics.expose(this.pools);

  /** Its pools and targets, with their states and figures. */
  get pools(): readonly PoolFigures[] {
    return this.#pools.figures;
  }

  /**
   * From now on these pools and routes hold. Sockets that there are stay, but for those to pools and targets that are gone.
   *
   * @throws HawserError `option-invalid`, naming everything that is wrong: then all stays as it was.
   */
  reload(changes: GatewayReload): void {
    const options = { ...this.#options, ...changes };
    throwFaults(options);
    this.#options = options;
    // Routes first go to what is there already, and last to what is left.
    this.#pools.add(options.pools);
    this.proxy.setRoutes(options.routes ?? []);
    this.#shared.configure(options.pools);
    this.#logger.info({ pools: Object.keys(options.pools).length, routes: options.routes?.length ?? 0 }, "reloaded");
  }

  /** Takes no one in, and resolves when all sockets are gone; those that are left after so long are ended. */
  async drain(withinMs: number): Promise<void> {
    await Promise.all([this.proxy.drain(withinMs), this.sockets.drain(withinMs)]);
  }

  /** Ends all sockets at once. Resolves when the HTTP back ends have been told of theirs, or 5 seconds have passed. */
  async close(): Promise<void> {
    await this.proxy.close();
    this.sockets.close();
    await this.#relay?.close();
    await new Promise<void>((resolve) => {
      const timer = this.#timers.after(maxTellMs, resolve);
      void this.#pools.close().then(() => {
        timer.cancel();
        resolve();
      });
    });
    this.#poster.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function throwFaults(options: GatewayOptions): void {
  const faults = gatewayFaults(options);
  if (faults.length === 0) return;
  const text = faults.map(({ at, message }) => `${at} ${message}`).join("; ");
  throw new HawserError("option-invalid", `${text}.`);
}
