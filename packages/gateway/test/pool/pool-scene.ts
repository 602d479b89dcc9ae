import { Pool } from "../../src/pool/pool.ts";
import { targetPoolSettings } from "../../src/pool/pool-settings.ts";
import type { TargetPoolOptions } from "../../src/pool/pool-options.ts";
import type { TargetPoolSettings } from "../../src/pool/pool-settings.ts";
import type { Found } from "../../src/pool/discovery/dns-targets.ts";
import type { Lease } from "../../src/pool/lease.ts";
import { silentLogger } from "@hawser/server";
import { SimulatedPorts } from "../support/simulated-ports.ts";

/** A pool whose targets do as a test says. */
export class PoolScene {
  readonly ports = new SimulatedPorts();
  /** Names of targets that do not answer those who ask whether they are well. */
  readonly unwell = new Set<string>();
  /** Those that refuse connections. */
  readonly refusing = new Set<string>();
  /** Those that never answer. */
  readonly silent = new Set<string>();
  /** In which order they were dialed. */
  readonly dialed: string[] = [];
  found: readonly Found[] | undefined;
  readonly pool: Pool;

  constructor(options: TargetPoolOptions) {
    this.pool = new Pool("p", settingsOf(options), {
      clock: this.ports,
      timers: this.ports,
      random: this.ports,
      logger: silentLogger,
      probe: ({ name }) => (this.unwell.has(name) ? Promise.reject(new Error("unwell")) : Promise.resolve()),
      resolve: () =>
        this.found === undefined
          ? Promise.reject(new Error("no answer"))
          : Promise.resolve({ found: this.found, ttlMs: undefined }),
    });
  }

  async connect(user = "ann"): Promise<Lease> {
    const request = { user, headers: {}, path: "/", address: "192.0.2.1" };
    const { lease } = await this.pool.connect(request, async ({ name }, signal) => {
      this.dialed.push(name);
      if (this.refusing.has(name)) throw Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
      if (this.silent.has(name))
        return new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("given up"))));
      return name;
    });
    return lease;
  }

  async names(count: number): Promise<string[]> {
    const names: string[] = [];
    for (let turn = 0; turn < count; turn += 1) names.push((await this.connect()).target.name);
    return names;
  }

  state(name: string): string | undefined {
    return this.pool.figures.find((target) => target.name === name)?.state;
  }
}

/** Nobody asks whether targets are well, unless a test says so. */
export function settingsOf(options: TargetPoolOptions): TargetPoolSettings {
  return targetPoolSettings({ health: false, ...options }, "pools.p");
}

export const [a, b, c] = ["a:1", "b:1", "c:1"] as const;
export const three = { targets: ["ws://a:1/", "ws://b:1/", "ws://c:1/"], balance: "round-robin" } as const;
