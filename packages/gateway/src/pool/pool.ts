import { HawserError } from "@hawser/protocol";
import type { Ports, Timer } from "@hawser/protocol";
import type { Logger } from "@hawser/server";
import type { Balancer } from "./balance/balancer.ts";
import { balancerOf, keyOf } from "./balance/choose.ts";
import type { PoolRequest } from "./balance/choose.ts";
import { DnsTargets } from "./discovery/dns-targets.ts";
import type { Resolve } from "./discovery/dns-targets.ts";
import { UpstreamRefused } from "../proxy/pool-port.ts";
import { failureOf } from "./failure.ts";
import { HealthCheck } from "./health/health-check.ts";
import type { Probe } from "./health/health-check.ts";
import type { Lease } from "./lease.ts";
import type { TargetPoolSettings, TargetSettings } from "./pool-options.ts";
import { Rate } from "./rate.ts";
import { RetryBudget } from "./retry-budget.ts";
import { Target } from "./target.ts";
import type { TargetFigures } from "./target.ts";

/** What a pool takes from the world. */
export interface PoolPorts extends Ports {
  readonly probe: Probe;
  readonly resolve: Resolve;
  readonly logger: Logger;
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
  readonly #leaving = new Map<Target, Member>();
  readonly #budget = new RetryBudget();
  #settings: TargetPoolSettings;
  #balancer: Balancer;
  #rate: Rate;
  #dns: DnsTargets | undefined;
  #connections = 0;
  #closed = false;

  /** @param settings - As `targetPoolSettings` makes them. */
  constructor(name: string, settings: TargetPoolSettings, ports: PoolPorts) {
    this.name = name;
    this.#ports = ports;
    this.#settings = settings;
    this.#balancer = balancerOf(settings, ports.random);
    this.#rate = new Rate(settings.connectionsPerSecond);
    this.#put(settings.targets, Number.NEGATIVE_INFINITY);
    this.#startDns();
  }

  get settings(): TargetPoolSettings {
    return this.#settings;
  }

  /** Of all targets, and of those that were taken out and have sockets still. */
  get figures(): readonly TargetFigures[] {
    const now = this.#now();
    const members = [...this.#members.values(), ...this.#leaving.values()];
    return members.map(({ target }) => target.figuresAt(now, this.#settings.slowStartMs));
  }

  /**
   * Makes a connection to one of the targets, and to another one when it fails.
   *
   * @throws HawserError `overloaded`, `rate-limited` and `upstream-unavailable`, all `retry`; `UpstreamRefused` for an answer other
   *   than 101; what `dial` threw when the request's signal is aborted.
   */
  async connect<Value>(
    request: PoolRequest,
    dial: Dial<Value>,
  ): Promise<{ readonly value: Value; readonly lease: Lease }> {
    this.#admit();
    this.#budget.earn();
    const tried = new Set<Target>();
    const key = keyOf(this.#settings.hashBy, request);
    for (;;) {
      const target = this.#choose(key, tried);
      if (target === undefined) throw this.#unavailable("no target is in service");
      tried.add(target);
      this.#connections += 1;
      const lease = target.take(() => this.#ended(target));
      try {
        return { value: await this.#attempt(target, dial), lease };
      } catch (error) {
        lease.end();
        const failure = error === late ? "timeout" : failureOf(error);
        if (failure === undefined || request.signal?.aborted === true) throw error;
        this.#failed(target, failure);
        const goesOn = tried.size <= this.#settings.retries && this.#usable(tried).length > 0;
        if (!goesOn || !this.#budget.take()) throw this.#givenUp(error);
      }
    }
  }

  /**
   * From now on these settings hold. Targets that stay keep their connections and what is known of them; those that go are
   * drained.
   */
  reconfigure(settings: TargetPoolSettings): void {
    const former = this.#settings;
    this.#settings = settings;
    if (former.balance !== settings.balance || former.maxHashLoad !== settings.maxHashLoad)
      this.#balancer = balancerOf(settings, this.#ports.random);
    if (former.connectionsPerSecond !== settings.connectionsPerSecond)
      this.#rate = new Rate(settings.connectionsPerSecond);
    const isSameDns = JSON.stringify(former.dns) === JSON.stringify(settings.dns);
    if (!isSameDns) {
      this.#dns?.stop();
      this.#dns = undefined;
    }
    this.#put([...settings.targets, ...(this.#dns?.targets(settings.maxConnections) ?? [])], this.#now());
    if (JSON.stringify(former.health) !== JSON.stringify(settings.health))
      for (const member of this.#members.values()) this.#check(member);
    if (!isSameDns) this.#startDns();
  }

  /** A target gets no new connections; those that are left after so long are told to leave. False: there is none of that name. */
  drain(target: string, withinMs: number): boolean {
    const member = this.#members.get(target);
    if (member !== undefined) this.#drain(member, withinMs);
    return member !== undefined;
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
    this.#closed = true;
    this.#dns?.stop();
    for (const member of [...this.#members.values(), ...this.#leaving.values()]) {
      member.check?.stop();
      member.leaving?.cancel();
      member.target.dismiss();
    }
    this.#members.clear();
    this.#leaving.clear();
  }

  #admit(): void {
    const { maxPoolConnections } = this.#settings;
    const { name } = this;
    if (this.#closed) throw this.#unavailable("it was removed");
    if (this.#connections >= maxPoolConnections)
      throw refusal("overloaded", `The pool ${name} has its ${maxPoolConnections} connections.`, 1_000);
    const waitMs = this.#rate.take(this.#now());
    if (waitMs > 0) throw refusal("rate-limited", `The pool ${name} takes no more new connections now.`, waitMs);
  }

  #choose(key: string, tried: ReadonlySet<Target>): Target | undefined {
    const usable = this.#usable(tried);
    if (usable.length === 0) return undefined;
    const now = this.#now();
    const candidates = usable.map((target) => target.candidateAt(now, this.#settings.slowStartMs));
    return this.#balancer.pick(candidates, key).target;
  }

  /** The targets that may get a connection and did not fail this one yet. */
  #usable(tried: ReadonlySet<Target>): readonly Target[] {
    const now = this.#now();
    const targets = [...this.#members.values()].map(({ target }) => target);
    const free = targets.filter((target) => !tried.has(target) && target.hasRoom);
    const up = free.filter((target) => target.stateAt(now) === "up");
    // Who fails some is better than nobody; who does not answer at all is not.
    return up.length > 0 ? up : free.filter((target) => target.stateAt(now) === "ejected");
  }

  async #attempt<Value>(target: Target, dial: Dial<Value>): Promise<Value> {
    const { timers } = this.#ports;
    const abort = new AbortController();
    const begun = this.#now();
    const timer = timers.after(this.#settings.connectTimeoutMs, () => abort.abort(late));
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
    if (ejected + 1 > this.#members.size * this.#settings.maxEjectedShare) return;
    target.eject(now);
    this.#told(target);
  }

  #put(targets: readonly TargetSettings[], since: number): void {
    const names = new Set(targets.map(({ name }) => name));
    for (const [name, member] of this.#members) if (!names.has(name)) this.#remove(name, member);
    for (const settings of targets) {
      const known = this.#members.get(settings.name);
      if (known !== undefined && known.target.url.href === settings.url.href) {
        known.target.change(settings, this.#settings);
        continue;
      }
      if (known !== undefined) this.#remove(settings.name, known);
      const target = new Target(settings, this.#settings, since);
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
    const onChange = (well: boolean): void => {
      target.found(well, this.#now());
      this.#told(target);
    };
    member.check = new HealthCheck({ target, health, probe, timers, random, onChange });
  }

  #remove(name: string, member: Member): void {
    this.#members.delete(name);
    member.check?.stop();
    if (member.target.connections === 0) return member.leaving?.cancel();
    this.#leaving.set(member.target, member);
    if (member.leaving === undefined) this.#drain(member, this.#settings.drainTimeoutMs);
  }

  #drain(member: Member, withinMs: number): void {
    member.leaving?.cancel();
    member.target.drain();
    member.leaving = this.#ports.timers.after(withinMs, () => member.target.dismiss());
  }

  /** A connection is over: with the last one of a target that went, nothing is left to be known of it. */
  #ended(target: Target): void {
    this.#connections -= 1;
    if (target.connections > 0) return;
    this.#leaving.get(target)?.leaving?.cancel();
    this.#leaving.delete(target);
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
      onChange: () =>
        this.#put([...this.#settings.targets, ...found.targets(this.#settings.maxConnections)], this.#now()),
    });
    this.#dns = found;
  }

  #told(target: Target): void {
    const fields = { pool: this.name, target: target.name, state: target.stateAt(this.#now()) };
    this.#ports.logger.warn(fields, "a target has changed");
  }

  #givenUp(error: unknown): unknown {
    if (error instanceof UpstreamRefused) return error;
    const { connectTimeoutMs } = this.#settings;
    if (error === late) return this.#unavailable(`no answer within ${connectTimeoutMs} ms`);
    return this.#unavailable(error instanceof Error ? error.message : String(error), error);
  }

  #unavailable(reason: string, cause?: unknown): HawserError {
    const options = { retry: true, ...(cause === undefined ? {} : { cause }) };
    return new HawserError("upstream-unavailable", `The pool ${this.name} is not available: ${reason}.`, options);
  }

  #now(): number {
    return this.#ports.clock.monotonic();
  }
}

const late = new Error("The target did not answer in time.");

function refusal(code: "overloaded" | "rate-limited", message: string, retryAfterMs: number): HawserError {
  return new HawserError(code, message, { retry: true, retryAfterMs });
}
