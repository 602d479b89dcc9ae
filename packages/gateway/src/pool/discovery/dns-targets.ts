import type { Random, Timer, Timers } from "@hawser/protocol";
import type { DnsSettings, TargetSettings } from "../pool-settings.ts";
import { maxTargets } from "../pool-settings.ts";

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

export interface Answer {
  readonly found: readonly Found[];
  /** How long it holds; `undefined`: it does not say. */
  readonly ttlMs: number | undefined;
}

/** Asks for the addresses of a host, or for SRV records of a name. */
export type Resolve = (name: string, kind: "address" | "srv") => Promise<Answer>;

export interface DnsTargetsOptions {
  readonly dns: DnsSettings;
  readonly resolve: Resolve;
  readonly timers: Timers;
  readonly random: Random;
  readonly onChange: () => void;
}

/**
 * Targets by name: asked for again when what was answered is old. When nobody answers, what was known before holds, and it is
 * asked again soon, then less and less often.
 */
export class DnsTargets {
  readonly #options: DnsTargetsOptions;
  #found: readonly Found[] = [];
  #timer: Timer | undefined;
  /** Times in a row that nobody answered. */
  #failures = 0;
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
    const answer = await asked.catch(() => undefined);
    if (this.#stopped) return;
    const found = answer?.found ?? [];
    // An answer without addresses is taken for a fault of the answerer, too.
    this.#failures = found.length === 0 ? this.#failures + 1 : 0;
    const againMs = this.#failures > 0 ? this.#retryMs() : this.#holdsMs(answer?.ttlMs);
    // Not all nodes in the same moment.
    this.#timer = timers.after(againMs * (1 + 0.1 * random.number()), () => void this.#ask());
    if (found.length === 0) return;
    const best = Math.min(...found.map(({ priority }) => priority ?? 0));
    const kept = found.filter(({ priority }) => (priority ?? 0) === best).slice(0, maxTargets);
    if (JSON.stringify(kept) === JSON.stringify(this.#found)) return;
    this.#found = kept;
    onChange();
  }

  #holdsMs(ttlMs = Infinity): number {
    const { minRefreshMs, refreshMs } = this.#options.dns;
    return Math.min(refreshMs, Math.max(minRefreshMs, ttlMs));
  }

  #retryMs(): number {
    const { minRefreshMs, refreshMs } = this.#options.dns;
    return Math.min(refreshMs, minRefreshMs * 2 ** Math.min(this.#failures - 1, 20));
  }
}
