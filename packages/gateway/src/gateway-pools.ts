import { HawserError } from "@hawser/protocol";
import { BackendDoor } from "./backend/backend-door.ts";
import { BackendRefused } from "./backend/backend.ts";
import type { BackendFigures } from "./backend/backend.ts";
import { Backends } from "./backend/backends.ts";
import type { BackendsOptions } from "./backend/backends.ts";
import type { GatewayPoolOptions } from "./gateway-options.ts";
import type { HomeLimits } from "./home/home-limits.ts";
import { UpstreamRefused } from "./proxy/pool-port.ts";
import type { ProxyPool, ProxyPools } from "./proxy/pool-port.ts";
import { Pool } from "./pool/pool.ts";
import type { PoolPorts } from "./pool/members.ts";
import { targetPoolSettings } from "./pool/pool-settings.ts";
import type { TargetFigures } from "./pool/target.ts";
import { dialWebSocket } from "./upstream/dial-websocket.ts";
import { identityHeader, identityToken } from "./upstream/identity-header.ts";
import type { ShownIdentity } from "./upstream/identity-header.ts";
import { LeasedSocket } from "./upstream/leased-socket.ts";
import { targetUrl } from "./upstream/target-url.ts";
import { TokenExchange } from "./upstream/token-exchange.ts";
import type { TokenExchangeOptions } from "./upstream/token-exchange.ts";
import type { UpstreamRequest, Upstreams, UpstreamSocket } from "./upstream/upstream-socket.ts";

export interface GatewayPoolsOptions extends BackendsOptions, Pick<PoolPorts, "probe" | "resolve"> {
  readonly limits: Pick<HomeLimits, "maxSocketMessageBytes" | "upstreamHeartbeatMs">;
}

/** What is shown of a pool. */
export type PoolFigures =
  | {
      readonly name: string;
      readonly kind: "websocket";
      readonly balance: string;
      /** So few targets answer their health checks that those are not believed. */
      readonly panics: boolean;
      readonly targets: readonly TargetFigures[];
    }
  | ({ readonly name: string; readonly kind: "http"; readonly url: string } & BackendFigures);

/** All that is behind a gateway, by name, of whichever kind: for virtual sockets and for plain clients. */
export class GatewayPools implements ProxyPools, Upstreams {
  readonly backends: Backends;
  readonly #options: GatewayPoolsOptions;
  readonly #doors = new Map<string, BackendDoor>();
  readonly #targetPools = new Map<string, Pool>();
  readonly #exchanges = new WeakMap<object, TokenExchange>();

  constructor(options: GatewayPoolsOptions) {
    this.#options = options;
    this.backends = new Backends(options);
  }

  /** As plain clients come to it. */
  get(name: string): ProxyPool | undefined {
    return this.#targetPools.get(name) ?? this.#doors.get(name);
  }

  /** One of WebSocket servers. */
  targetPool(name: string): Pool | undefined {
    return this.#targetPools.get(name);
  }

  get names(): readonly string[] {
    return [...this.#targetPools.keys(), ...this.#doors.keys()];
  }

  get figures(): readonly PoolFigures[] {
    const targetPools = [...this.#targetPools.values()].map(({ name, settings, panics, figures }): PoolFigures => ({
      name,
      kind: "websocket",
      balance: settings.balance,
      panics,
      targets: figures,
    }));
    const backends = [...this.backends].map(({ pool, settings, figures }): PoolFigures => ({
      name: pool,
      kind: "http",
      url: settings.url.href,
      ...figures,
    }));
    return [...targetPools, ...backends].toSorted((one, other) => (one.name < other.name ? -1 : 1));
  }

  /** As virtual sockets come to it. */
  async open(request: UpstreamRequest, signal: AbortSignal): Promise<UpstreamSocket> {
    const { upstream, path, protocols, identity, session, address } = request;
    const { user, claims } = identity;
    const targets = this.#targetPools.get(upstream);
    if (targets !== undefined) return this.#dial(targets, request, signal);
    const backend = this.backends.get(upstream);
    if (backend === undefined)
      throw new HawserError("upstream-unknown", `There is no upstream ${JSON.stringify(upstream.slice(0, 64))}.`);
    const [own = "", ...query] = path.split("?");
    const facts = { path: own, query: query.join("?"), protocols, session, address, headers: {} };
    return backend.connect({ ...facts, user, claims }, signal).catch((error: unknown) => {
      throw this.#told(upstream, error, signal);
    });
  }

  /** What a target of the pool is told of a client. */
  identityHeaders(identity: ShownIdentity): Readonly<Record<string, string>> {
    const secret = this.#targetPools.get(identity.pool)?.settings.identitySecret;
    return secret === undefined ? {} : { [identityHeader]: identityToken(identity, secret, this.#options.clock) };
  }

  /** Adds pools, and gives those that are there their options; none goes. */
  add(pools: Readonly<Record<string, GatewayPoolOptions>>): void {
    for (const [name, options] of Object.entries(pools)) this.put(name, options);
  }

  /** The same, and removes all others. */
  replace(pools: Readonly<Record<string, GatewayPoolOptions>>): void {
    this.add(pools);
    for (const name of this.names) if (!Object.hasOwn(pools, name)) this.remove(name);
  }

  /** Adds a pool, or gives one its options. Sockets of one that changes its kind end. @throws HawserError `option-invalid`. */
  put(name: string, options: GatewayPoolOptions): void {
    const at = `pools.${name}`;
    if (options.kind === "http") {
      this.backends.put(name, options, at);
      const backend = this.backends.get(name)!;
      if (!this.#doors.has(name)) this.#doors.set(name, new BackendDoor({ ...this.#options, backend }));
      this.#removeTargets(name);
      return;
    }
    const settings = targetPoolSettings(options, at);
    const existing = this.#targetPools.get(name);
    if (existing === undefined) this.#targetPools.set(name, new Pool(name, settings, this.#options));
    else existing.reconfigure(settings);
    this.#removeBackend(name);
  }

  /** Ends its sockets. False: there was none. */
  remove(name: string): boolean {
    const [targets, backend] = [this.#removeTargets(name), this.#removeBackend(name)];
    return targets || backend;
  }

  /** Ends all sockets, and resolves when the HTTP back ends have been told. */
  async close(): Promise<void> {
    for (const pool of this.#targetPools.values()) pool.close();
    await this.backends.close();
  }

  /** One for each set of options: a reload begins with none. */
  #exchangeOf(options: TokenExchangeOptions): TokenExchange {
    const known = this.#exchanges.get(options) ?? new TokenExchange(options, this.#options.clock);
    this.#exchanges.set(options, known);
    return known;
  }

  async #headersOf(pool: Pool, request: UpstreamRequest): Promise<Readonly<Record<string, string>>> {
    try {
      return await pool.settings.headers(request);
    } catch (error) {
      // The client is not told why.
      this.#options.logger.warn({ error, pool: pool.name }, "the headers for a client could not be made");
      throw error;
    }
  }

  #removeTargets(name: string): boolean {
    this.#targetPools.get(name)?.close();
    return this.#targetPools.delete(name);
  }

  #removeBackend(name: string): boolean {
    this.#doors.delete(name);
    return this.backends.remove(name);
  }

  async #dial(pool: Pool, request: UpstreamRequest, signal: AbortSignal): Promise<UpstreamSocket> {
    const { upstream, path, protocols, identity, session, address } = request;
    const { user } = identity;
    const { limits, timers } = this.#options;
    const { tokenExchange, compression } = pool.settings;
    const token = tokenExchange === undefined ? undefined : await this.#exchanged(tokenExchange, request, signal);
    const headers = {
      ...(await this.#headersOf(pool, request)),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(address === "" ? {} : { "x-forwarded-for": address }),
      ...this.identityHeaders({ user, pool: upstream, session, address }),
    };
    try {
      const { value, lease } = await pool.connect(
        { user, headers: {}, path, address, signal },
        (target, given, onConnect) =>
          dialWebSocket(
            {
              url: targetUrl(target.url, path),
              protocols,
              headers,
              maxMessageBytes: limits.maxSocketMessageBytes,
              heartbeatMs: limits.upstreamHeartbeatMs,
              timers,
              compression,
              tls: target.tls,
              onConnect,
            },
            AbortSignal.any([signal, given]),
          ),
      );
      return new LeasedSocket(value, lease);
    } catch (error) {
      if (error instanceof UpstreamRefused)
        throw new HawserError(
          "upstream-refused",
          `The upstream ${upstream} answered with HTTP status ${error.status}.`,
        );
      throw this.#told(upstream, error, signal);
    }
  }

  async #exchanged(options: TokenExchangeOptions, request: UpstreamRequest, signal: AbortSignal): Promise<string> {
    try {
      return await this.#exchangeOf(options).exchange(request);
    } catch (error) {
      throw this.#told(request.upstream, error, signal);
    }
  }

  /** What the client is told of an error: where targets, back ends and token endpoints are is for the log alone. */
  #told(pool: string, cause: unknown, signal: AbortSignal): unknown {
    if (!(cause instanceof HawserError) || cause instanceof BackendRefused) return cause;
    const { code, retry, retryAfterMs } = cause;
    if (code !== "upstream-unavailable" && code !== "upstream-refused") return cause;
    if (!signal.aborted) this.#options.logger.warn({ error: cause, pool }, "a virtual socket was not opened");
    const text = code === "upstream-refused" ? "refused this socket" : "is not available now";
    return new HawserError(code, `The upstream ${pool} ${text}.`, { retry, retryAfterMs, cause });
  }
}
