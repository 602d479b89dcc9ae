import { HawserError } from "@hawser/protocol";
import type { Clock, Random, Timer, Timers } from "@hawser/protocol";
import type { Logger } from "@hawser/server";
import { UpstreamRefused } from "../proxy/pool-port.ts";
import type { ProxyLease, ProxyPool, ProxyPoolRequest, ProxyTarget } from "../proxy/pool-port.ts";
import { chooseTarget } from "./choose-target.ts";
import type { Probe } from "./probe.ts";
import type { TargetPoolSettings } from "./target-pool-options.ts";
import { Target } from "./target.ts";
import type { TargetFigures } from "./target.ts";

export interface TargetPoolParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  readonly probe: Probe;
}

/** What came of connecting. */
export interface Connected<Value> {
  readonly value: Value;
  readonly lease: ProxyLease;
}

/** WebSocket servers of one name: chooses among those in service, tries others when one fails, and watches them. */
export class TargetPool implements ProxyPool {
  readonly name: string;
  readonly #parts: TargetPoolParts;
  #settings: TargetPoolSettings;
  #targets: readonly Target[];
  #probing: Timer | undefined;
  #closed = false;

  constructor(name: string, settings: TargetPoolSettings, parts: TargetPoolParts) {
    this.name = name;
    this.#parts = parts;
    this.#settings = settings;
    this.#targets = settings.targets.map((target) => new Target(target, parts.clock));
    this.#probeLater();
  }

  get settings(): TargetPoolSettings {
    return this.#settings;
  }

  get figures(): readonly TargetFigures[] {
    return this.#targets.map((target) => target.figures);
  }

  /** Targets of the same name and URL keep their state and sockets; the sockets of those that are gone end. */
  reconfigure(settings: TargetPoolSettings): void {
    const former = new Map(this.#targets.map((target) => [target.name, target]));
    this.#settings = settings;
    this.#targets = settings.targets.map((options) => {
      const known = former.get(options.name);
      if (known === undefined || known.settings.url.href !== options.url.href)
        return new Target(options, this.#parts.clock);
      former.delete(options.name);
      known.settings = options;
      return known;
    });
    for (const target of former.values()) target.endAll();
    this.#probing?.cancel();
    this.#probeLater();
  }

  /**
   * Connects to one target after the other until one takes it.
   *
   * @throws HawserError `upstream-unavailable` (retry); `UpstreamRefused` for an answer other than 502, 503 and 504; what `dial`
   *   threw last.
   */
  async connect<Value>(
    request: ProxyPoolRequest,
    dial: (target: ProxyTarget, signal: AbortSignal) => Promise<Value>,
  ): Promise<Connected<Value>> {
    const tried = new Set<Target>();
    let last: unknown;
    const givenUp = (): boolean => request.signal?.aborted === true;
    while (tried.size <= this.#settings.retries && !givenUp() && !this.#closed) {
      const candidates = this.#targets.filter((target) => target.takes && !tried.has(target));
      const { clock, random } = this.#parts;
      const target = chooseTarget(candidates, request, this.#settings, clock.monotonic(), random);
      if (target === undefined) break;
      tried.add(target);
      try {
        return await this.#dial(target, dial);
      } catch (error) {
        if (givenUp() || !isTheTargets(error)) throw error;
        last = error;
        const { ejectAfter, ejectMs } = this.#settings;
        target.failed(ejectAfter, ejectMs);
        const fields = { pool: this.name, target: target.name, state: target.state.kind, error: textOf(error) };
        this.#parts.logger.warn(fields, "a target could not be reached");
      }
    }
    if (last instanceof UpstreamRefused) throw last;
    const reason = last === undefined ? "no target is in service" : textOf(last);
    throw new HawserError("upstream-unavailable", `The pool ${this.name} is not available: ${reason}.`, {
      retry: true,
      cause: last,
    });
  }

  /** The target gets no more sockets; those that it has end after so long. False: there is none of that name. */
  drain(name: string, withinMs: number): boolean {
    const target = this.#targets.find((one) => one.name === name);
    target?.drain(withinMs, this.#parts.timers);
    return target !== undefined;
  }

  /** The target gets sockets again. False: there is none of that name. */
  restore(name: string): boolean {
    const target = this.#targets.find((one) => one.name === name);
    target?.restore();
    return target !== undefined;
  }

  /** Asks no more whether targets live, and ends all sockets. */
  close(): void {
    this.#closed = true;
    this.#probing?.cancel();
    for (const target of this.#targets) {
      target.restore();
      target.endAll();
    }
  }

  async #dial<Value>(
    target: Target,
    dial: (target: ProxyTarget, signal: AbortSignal) => Promise<Value>,
  ): Promise<Connected<Value>> {
    const { clock, timers } = this.#parts;
    const { connectTimeoutMs } = this.#settings;
    const late = new AbortController();
    const timer = timers.after(connectTimeoutMs, () => late.abort());
    const begin = clock.monotonic();
    const { name, url } = target.settings;
    const shown: ProxyTarget = { name, url };
    target.open += 1;
    try {
      const value = await dial(shown, late.signal);
      return { value, lease: target.lease(shown, clock.monotonic() - begin) };
    } catch (error) {
      target.open -= 1;
      if (late.signal.aborted) throw new Error(`no answer within ${connectTimeoutMs} ms`, { cause: error });
      throw error;
    } finally {
      timer.cancel();
    }
  }

  #probeLater(): void {
    const { health } = this.#settings;
    if (health === undefined || this.#closed) return;
    // Not all nodes and pools in the same moment.
    const delayMs = health.intervalMs * (0.75 + this.#parts.random.number() / 2);
    this.#probing = this.#parts.timers.after(delayMs, () => {
      void Promise.all(this.#targets.map((target) => this.#probe(target))).finally(() => this.#probeLater());
    });
  }

  async #probe(target: Target): Promise<void> {
    const { health } = this.#settings;
    if (health === undefined) return;
    const { url } = target.settings;
    const late = new AbortController();
    const timer = this.#parts.timers.after(health.timeoutMs, () => late.abort());
    const lives = await this.#parts.probe(url, health.path, late.signal).catch(() => false);
    timer.cancel();
    if (this.#closed || !target.probed(lives, health.failures, health.successes)) return;
    this.#parts.logger.warn({ pool: this.name, target: target.name, state: target.state.kind }, "a target has changed");
  }
}

/** Whether it says something of the target: an answer does not, unless it is that of a proxy in front of a dead one. */
function isTheTargets(error: unknown): boolean {
  return !(error instanceof UpstreamRefused) || (error.status >= 502 && error.status <= 504);
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
