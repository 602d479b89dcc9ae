import { HawserError } from "@hawser/protocol";
import { BackendDoor } from "./backend/backend-door.ts";
import { Backends } from "./backend/backends.ts";
import type { BackendsOptions } from "./backend/backends.ts";
import type { GatewayPoolOptions } from "./gateway-options.ts";
import type { ProxyPool, ProxyPools } from "./proxy/pool-port.ts";
import type { UpstreamRequest, Upstreams, UpstreamSocket } from "./upstream/upstream-socket.ts";

/** All that is behind a gateway, by name, of whichever kind: for virtual sockets and for plain clients. */
export class GatewayPools implements ProxyPools, Upstreams {
  readonly backends: Backends;
  readonly #options: BackendsOptions;
  readonly #doors = new Map<string, BackendDoor>();

  constructor(options: BackendsOptions) {
    this.#options = options;
    this.backends = new Backends(options);
  }

  /** As plain clients come to it. */
  get(name: string): ProxyPool | undefined {
    return this.#doors.get(name);
  }

  /** As virtual sockets come to it. */
  async open(request: UpstreamRequest, signal: AbortSignal): Promise<UpstreamSocket> {
    const { upstream, path, protocols, identity, session, address } = request;
    const backend = this.backends.get(upstream);
    if (backend === undefined)
      throw new HawserError("upstream-unknown", `There is no upstream ${JSON.stringify(upstream)}.`);
    const { user, claims } = identity;
    return backend.connect({ user, claims, path, query: "", protocols, session, address, headers: {} }, signal);
  }

  /** Adds pools, and gives those that are there their options; none goes. */
  add(pools: Readonly<Record<string, GatewayPoolOptions>>): void {
    for (const [name, options] of Object.entries(pools)) this.put(name, options);
  }

  /** The same, and removes all others. */
  replace(pools: Readonly<Record<string, GatewayPoolOptions>>): void {
    this.add(pools);
    for (const { pool } of [...this.backends]) if (!Object.hasOwn(pools, pool)) this.remove(pool);
  }

  /** Adds a pool, or gives one its options. @throws HawserError `option-invalid`. */
  put(name: string, options: GatewayPoolOptions): void {
    this.backends.put(name, options, `pools.${name}`);
    const backend = this.backends.get(name)!;
    if (!this.#doors.has(name)) this.#doors.set(name, new BackendDoor({ ...this.#options, backend }));
  }

  /** Ends its sockets. False: there was none. */
  remove(name: string): boolean {
    this.#doors.delete(name);
    return this.backends.remove(name);
  }

  /** Ends all sockets, and resolves when the HTTP back ends have been told. */
  close(): Promise<void> {
    return this.backends.close();
  }
}
