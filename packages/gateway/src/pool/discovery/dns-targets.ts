import type { Random, Timer, Timers } from "@hawser/protocol";
import type { DnsSettings, TargetSettings } from "../pool-options.ts";
import { maxTargets } from "../pool-options.ts";

/** An address that a name stands for. */
export interface Found {
  /** An address or, of SRV records, a host's name. */
  readonly host: string;
  /** Of SRV records. */
  readonly port: number | undefined;
  /** Of SRV records; 0 counts as the least there is. */
  readonly weight: number | undefined;
  readonly priority: number | undefined;
}

/** Asks for the addresses of a host, or for SRV records of a name. */
export type Resolve = (name: string, kind: "address" | "srv") => Promise<readonly Found[]>;

export interface DnsTargetsOptions {
  readonly dns: DnsSettings;
  readonly resolve: Resolve;
  readonly timers: Timers;
  readonly random: Random;
  readonly onChange: () => void;
}

/** Targets by name: asked for again and again. When nobody answers, what was known before holds. */
export class DnsTargets {
  readonly #options: DnsTargetsOptions;
  #found: readonly Found[] = [];
  #timer: Timer | undefined;
  #stopped = false;

  constructor(options: DnsTargetsOptions) {
    this.#options = options;
    void this.#ask();
  }

  targets(maxConnections: number): TargetSettings[] {
    const { target, tls } = this.#options.dns;
    return this.#found.map(({ host, port, weight }) => {
      const url = new URL(target);
      url.hostname = host.includes(":") ? `[${host}]` : host;
      if (port !== undefined) url.port = String(port);
      // Behind an address a server still goes by its name.
      const secure = target.protocol === "wss:" && port === undefined ? { servername: target.hostname, ...tls } : tls;
      const share = weight === undefined ? 1 : Math.max(weight, 1);
      return { name: url.host, url, weight: share, maxConnections, tls: secure };
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  async #ask(): Promise<void> {
    const { dns, resolve, timers, random, onChange } = this.#options;
    const asked = dns.srv === undefined ? resolve(dns.target.hostname, "address") : resolve(dns.srv, "srv");
    const found = await asked.catch(() => undefined);
    if (this.#stopped) return;
    this.#timer = timers.after(dns.refreshMs * (0.9 + 0.2 * random.number()), () => void this.#ask());
    // An answer without addresses is taken for a fault of the answerer, too.
    if (found === undefined || found.length === 0) return;
    const best = Math.min(...found.map(({ priority }) => priority ?? 0));
    const kept = found.filter(({ priority }) => (priority ?? 0) === best).slice(0, maxTargets);
    if (JSON.stringify(kept) === JSON.stringify(this.#found)) return;
    this.#found = kept;
    onChange();
  }
}
