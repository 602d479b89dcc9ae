import { HawserError } from "@hawser/protocol";
import type { Ports, Timer } from "@hawser/protocol";
import type { Balancer } from "./balance/balancer.ts";
import { balancerOf, keyOf } from "./balance/choose.ts";
import type { PoolRequest } from "./balance/choose.ts";
import { DnsTargets } from "./discovery/dns-targets.ts";
import type { Resolve } from "./discovery/dns-targets.ts";
import { failureOf } from "./failure.ts";
import { HealthCheck } from "./health/health-check.ts";
import type { Probe } from "./health/health-check.ts";
import type { Lease } from "./lease.ts";
import type { PoolSettings, TargetSettings } from "./pool-options.ts";
import { Rate } from "./rate.ts";
import { RetryBudget } from "./retry-budget.ts";
import { Target } from "./target.ts";
import type { TargetFigures } from "./target.ts";

/** What a pool takes from the world. */
export interface PoolPorts extends Ports {
  readonly probe: Probe;
  readonly resolve: Resolve;
}

/** What became of a pool's connections, target by target. */
export interface PoolFigures {
  readonly name: string;
  readonly connections: number;
  /** Refused by a limit of the pool, or because no target was in service. */
  readonly refused: Readonly<Record<"overloaded" | "rate-limited" | "upstream-unavailable", number>>;
  /** Attempts at a further target. */
  readonly retries: number;
  readonly targets: readonly TargetFigures[];
}

/** Makes the connection to a target; gives up when the signal says so. */
export type Dial<Value> = (target: Target, signal: AbortSignal) => Promise<Value>;

interface Member {
  readonly target: Target;
  check: HealthCheck | undefined;
  /** Until those who are connected have to leave. */
  leaving: Timer | undefined;
}

/** Servers of one kind behind one name: chooses one for each connection, and knows which are in service. */
export class Pool {
  readonly name: string;
  readonly #ports: PoolPorts;
  readonly #members = new Map<string, Member>();
  /** Those that are no longer of the pool, and have connections. */
  readonly #leaving = new Set<Member>();
  readonly #budget = new RetryBudget();
  readonly #refused = { overloaded: 0, "rate-limited": 0, "upstream-unavailable": 0 };
  #settings: PoolSettings;
  #balancer: Balancer;
  #rate: Rate;
  #dns: DnsTargets | undefined;
  #retries = 0;
  #connections = 0;

  /** @param settings - As `poolSettings` makes them. */
  constructor(name: string, settings: PoolSettings, ports: PoolPorts) {
    this.name = name;
    this.#ports = ports;
    this.#settings = settings;
    this.#balancer = balancerOf(settings.balance, ports.random);
    this.#rate = new Rate(settings.limits.connectionsPerSecond);
    this.#put(settings.targets, Number.NEGATIVE_INFINITY);
    this.#startDns();
  }

  /** Open now, and being opened. */
  get connections(): number {
    return this.#connections;
  }

  get figures(): PoolFigures {
    const now = this.#now();
    const { slowStartMs } = this.#settings.limits;
    const members = [...this.#members.values(), ...this.#leaving];
    return {
      name: this.name,
      connections: this.connections,
      refused: { ...this.#refused },
      retries: this.#retries,
      targets: members.map(({ target }) => target.figuresAt(now, slowStartMs)),
    };
  }

  /**
   * Makes a connection to one of the targets, and to another one when it fails.
   *
   * @param dial - Rejects with the platform's error or an `UpstreamRefused`; what it throws without a code is not held against
   *   the target, such as that the client has gone.
   * @throws HawserError `overloaded`, `rate-limited`, `upstream-unavailable`, all `retry`; or what `dial` threw last.
   */
  async connect<Value>(
    request: PoolRequest,
    dial: Dial<Value>,
  ): Promise<{ readonly value: Value; readonly lease: Lease }> {
    this.#admit();
    this.#budget.earn();
    const tried = new Set<Target>();
    const key = keyOf(this.#settings.balance, request);
    for (;;) {
      const target = this.#choose(key, tried);
      tried.add(target);
      this.#connections += 1;
      const lease = target.take(() => (this.#connections -= 1));
      try {
        return { value: await this.#attempt(target, dial), lease };
      } catch (error) {
        lease.end();
        const failure = error === late ? "timeout" : failureOf(error);
        if (failure === undefined) throw error;
        this.#failed(target, failure);
        const mayRetry = tried.size <= this.#settings.limits.retries && this.#hasAnother(tried) && this.#budget.take();
        if (!mayRetry) throw error === late ? timedOut(target) : error;
        this.#retries += 1;
      }
    }
  }

  /**
   * From now on these settings hold. Targets that stay keep their connections and what is known of them; those that go are
   * drained.
   */
  reload(settings: PoolSettings): void {
    const former = this.#settings;
    this.#settings = settings;
    if (JSON.stringify(former.balance) !== JSON.stringify(settings.balance))
      this.#balancer = balancerOf(settings.balance, this.#ports.random);
    if (former.limits.connectionsPerSecond !== settings.limits.connectionsPerSecond)
      this.#rate = new Rate(settings.limits.connectionsPerSecond);
    const isSameDns = JSON.stringify(former.dns) === JSON.stringify(settings.dns);
    if (!isSameDns) {
      this.#dns?.stop();
      this.#dns = undefined;
    }
    this.#put([...settings.targets, ...(this.#dns?.targets(settings.limits) ?? [])], this.#now());
    if (JSON.stringify(former.health) !== JSON.stringify(settings.health))
      for (const member of this.#members.values()) this.#check(member);
    if (!isSameDns) this.#startDns();
  }

  /** A target gets no new connections; those that are left after `drainTimeoutMs` are told to leave. False: there is none. */
  drain(target: string): boolean {
    const member = this.#members.get(target);
    if (member === undefined) return false;
    if (member.leaving === undefined) this.#drain(member);
    return true;
  }

  /** The same target gets connections again. */
  restore(target: string): boolean {
    const member = this.#members.get(target);
    if (member === undefined) return false;
    member.leaving?.cancel();
    member.leaving = undefined;
    member.target.restore(this.#now());
    return true;
  }

  /** It is gone: nobody is asked any more, and who holds a target is told to leave. */
  close(): void {
    this.#dns?.stop();
    for (const member of [...this.#members.values(), ...this.#leaving]) {
      member.check?.stop();
      member.leaving?.cancel();
      member.target.dismiss();
    }
    this.#members.clear();
    this.#leaving.clear();
  }

  #admit(): void {
    const { maxConnections } = this.#settings.limits;
    if (this.#connections >= maxConnections)
      this.#refuse("overloaded", `The pool ${this.name} has its ${maxConnections} connections.`, 1_000);
    const waitMs = this.#rate.take(this.#now());
    if (waitMs > 0) this.#refuse("rate-limited", `The pool ${this.name} takes no more new connections now.`, waitMs);
  }

  #choose(key: string, tried: ReadonlySet<Target>): Target {
    const now = this.#now();
    const { slowStartMs } = this.#settings.limits;
    const free = [...this.#members.values()].filter(({ target }) => !tried.has(target) && target.hasRoom);
    const of = (state: string) => free.filter(({ target }) => target.stateAt(now) === state);
    // Who fails some is better than nobody; who does not answer at all is not.
    const usable = [of("up"), of("ejected")].find((members) => members.length > 0);
    if (usable === undefined)
      this.#refuse("upstream-unavailable", `No target of the pool ${this.name} can take a connection.`, 1_000);
    const candidates = usable.map(({ target }) => target.candidateAt(now, slowStartMs));
    return this.#balancer.pick(candidates, key).target;
  }

  #hasAnother(tried: ReadonlySet<Target>): boolean {
    const now = this.#now();
    return [...this.#members.values()].some(
      ({ target }) => !tried.has(target) && target.hasRoom && ["up", "ejected"].includes(target.stateAt(now)),
    );
  }

  async #attempt<Value>(target: Target, dial: Dial<Value>): Promise<Value> {
    const { timers } = this.#ports;
    const abort = new AbortController();
    const begun = this.#now();
    const timer = timers.after(this.#settings.limits.connectTimeoutMs, () => abort.abort(late));
    try {
      const value = await dial(target, abort.signal);
      target.connected(this.#now() - begun, this.#now());
      return value;
    } catch (error) {
      throw abort.signal.aborted ? late : error;
    } finally {
      timer.cancel();
    }
  }

  #failed(target: Target, failure: string): void {
    const shouldGo = target.failed(failure);
    const now = this.#now();
    if (!shouldGo || target.stateAt(now) !== "up") return;
    const ejected = [...this.#members.values()].filter((member) => member.target.stateAt(now) === "ejected").length;
    if (ejected + 1 > this.#members.size * this.#settings.ejection.maxShare) return;
    target.eject(now);
  }

  #put(targets: readonly TargetSettings[], since: number): void {
    const names = new Set(targets.map(({ name }) => name));
    for (const [name, member] of this.#members) if (!names.has(name)) this.#remove(name, member);
    for (const settings of targets) {
      const known = this.#members.get(settings.name);
      if (known !== undefined && known.target.url.href === settings.url.href) {
        known.target.change(settings);
        continue;
      }
      if (known !== undefined) this.#remove(settings.name, known);
      const target = new Target(settings, this.#settings.ejection, since);
      const member: Member = { target, check: undefined, leaving: undefined };
      this.#members.set(settings.name, member);
      this.#check(member);
    }
  }

  #check(member: Member): void {
    member.check?.stop();
    member.check = undefined;
    const { health } = this.#settings;
    const { target } = member;
    // Who is no longer asked is taken as well.
    if (health === undefined) return target.found(true, this.#now());
    const { probe, timers, random } = this.#ports;
    const onChange = (well: boolean): void => target.found(well, this.#now());
    member.check = new HealthCheck({ target, health, probe, timers, random, onChange });
  }

  #remove(name: string, member: Member): void {
    this.#members.delete(name);
    member.check?.stop();
    if (member.target.connections === 0) return;
    this.#leaving.add(member);
    if (member.leaving === undefined) this.#drain(member);
  }

  #drain(member: Member): void {
    member.target.drain();
    member.leaving = this.#ports.timers.after(this.#settings.limits.drainTimeoutMs, () => {
      this.#leaving.delete(member);
      member.target.dismiss();
    });
  }

  #startDns(): void {
    const { dns } = this.#settings;
    if (dns === undefined) return;
    const { resolve, timers, random } = this.#ports;
    const found = new DnsTargets({
      dns,
      resolve,
      timers,
      random,
      onChange: () => this.#put([...this.#settings.targets, ...found.targets(this.#settings.limits)], this.#now()),
    });
    this.#dns = found;
  }

  #refuse(code: keyof PoolFigures["refused"], message: string, retryAfterMs: number): never {
    this.#refused[code] += 1;
    throw new HawserError(code, message, { retry: true, retryAfterMs });
  }

  #now(): number {
    return this.#ports.clock.monotonic();
  }
}

const late = new Error("The target did not answer in time.");

function timedOut(target: Target): HawserError {
  const text = `The target ${target.name} did not answer in time.`;
  return new HawserError("upstream-unavailable", text, { retry: true, retryAfterMs: 1_000 });
}
