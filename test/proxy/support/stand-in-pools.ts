import { UpstreamRefused } from "@hawser/gateway";
import type { ProxyLease, ProxyPool, ProxyPools, ProxyTarget } from "@hawser/gateway";

/** A pool of given targets, taken in turn: the next one where one cannot be reached. */
export class StandInPool implements ProxyPool {
  readonly targets: ProxyTarget[];
  readonly #leases = new Map<string, Set<AbortController>>();
  #turn = 0;

  constructor(...urls: readonly string[]) {
    this.targets = urls.map((url) => ({ name: new URL(url).host, url: new URL(url) }));
  }

  /** Connections that hold a lease. */
  get leases(): number {
    return [...this.#leases.values()].reduce((sum, { size }) => sum + size, 0);
  }

  connect: ProxyPool["connect"] = async (_, dial) => {
    let failure: unknown = new Error("the pool has no targets");
    for (let attempt = 0; attempt < this.targets.length; attempt += 1) {
      const target = this.targets[this.#turn++ % this.targets.length]!;
      try {
        const value = await dial(target, new AbortController().signal, () => {});
        return { value, lease: this.#lease(target) };
      } catch (error) {
        if (error instanceof UpstreamRefused && ![502, 503, 504].includes(error.status)) throw error;
        failure = error;
      }
    }
    throw failure;
  };

  /** It was found dead. */
  down(target: ProxyTarget): void {
    for (const controller of this.#leases.get(target.name) ?? []) controller.abort();
  }

  #lease(target: ProxyTarget): ProxyLease {
    const down = new AbortController();
    const leases = this.#leases.get(target.name) ?? new Set();
    this.#leases.set(target.name, leases.add(down));
    return {
      target,
      signal: down.signal,
      countIn: () => {},
      countOut: () => {},
      end: () => void leases.delete(down),
    };
  }
}

export function pools(byName: Readonly<Record<string, StandInPool>>): ProxyPools {
  return { get: (name) => byName[name] };
}
