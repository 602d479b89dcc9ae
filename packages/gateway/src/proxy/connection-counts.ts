import { addressGroup } from "@hawser/server";
import { ProxyRefusal } from "./answer.ts";
import type { ProxyLimits } from "./limits.ts";
import type { Route } from "./route.ts";

/** Counts the plain connections of all, of each route and of each address. A route is known by its name over reloads. */
export class ConnectionCounts {
  readonly #limits: ProxyLimits;
  readonly #byRoute = new Map<string, number>();
  readonly #byAddress = new Map<string, number>();
  #total = 0;

  constructor(limits: ProxyLimits) {
    this.#limits = limits;
  }

  get total(): number {
    return this.#total;
  }

  /** Connections of the route of this name, handshakes that are under way among them. */
  ofRoute(name: string): number {
    return this.#byRoute.get(name) ?? 0;
  }

  /**
   * Takes a place; what is returned gives it back, once.
   *
   * @throws ProxyRefusal `too-many-connections`.
   */
  take(route: Route, address: string): () => void {
    const { maxConnections, maxConnectionsPerRoute, maxConnectionsPerAddress } = this.#limits;
    const group = addressGroup(address);
    if (this.#total >= maxConnections) throw full(503, "The gateway holds");
    if (this.ofRoute(route.name) >= (route.options.maxConnections ?? maxConnectionsPerRoute))
      throw full(503, "This route holds");
    if ((this.#byAddress.get(group) ?? 0) >= maxConnectionsPerAddress) throw full(429, "This address holds");
    this.#total += 1;
    add(this.#byRoute, route.name, 1);
    add(this.#byAddress, group, 1);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#total -= 1;
      add(this.#byRoute, route.name, -1);
      add(this.#byAddress, group, -1);
    };
  }
}

function add(counts: Map<string, number>, key: string, by: number): void {
  const count = (counts.get(key) ?? 0) + by;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}

function full(status: 429 | 503, who: string): ProxyRefusal {
  return new ProxyRefusal(status, "too-many-connections", `${who} as many connections as it may.`, {
    "retry-after": "5",
  });
}
