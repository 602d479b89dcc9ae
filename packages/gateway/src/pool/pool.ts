import { HawserError } from "@hawser/protocol";
import type { Balancer } from "./balance/balancer.ts";
import { balancerOf, keyOf } from "./balance/choose.ts";
import type { PoolRequest } from "./balance/choose.ts";
import { UpstreamRefused } from "../proxy/pool-port.ts";
import { failureOf } from "./failure.ts";
import { inService, isPanic } from "./in-service.ts";
import type { Lease } from "./lease.ts";
import { Members } from "./members.ts";
import type { PoolPorts } from "./members.ts";
import type { TargetPoolSettings } from "./pool-settings.ts";
import { Rate } from "./rate.ts";
import { RetryBudget } from "./retry-budget.ts";
import type { Target, TargetFigures } from "./target.ts";

/** Makes the connection to a target, says when it stands and the handshake begins, and gives up when the signal says so. */
export type Dial<Value> = (target: Target, signal: AbortSignal, reached: () => void) => Promise<Value>;

/** Servers of one kind behind one name: chooses one for each connection, and knows which are in service. */
export class Pool {
  readonly name: string;
  readonly #ports: PoolPorts;
  readonly #members: Members;
  readonly #budget = new RetryBudget();
  #settings: TargetPoolSettings;
  #balancer: Balancer;
  #rate: Rate;
  #connections = 0;
  #closed = false;

  /** @param settings - As `targetPoolSettings` makes them. */
  constructor(name: string, settings: TargetPoolSettings, ports: PoolPorts) {
    this.name = name;
    this.#ports = ports;
    this.#settings = settings;
    this.#balancer = balancerOf(settings, ports.random);
    this.#rate = new Rate(settings.connectionsPerSecond);
    this.#members = new Members({ name, settings, ports });
  }

  get settings(): TargetPoolSettings {
    return this.#settings;
  }

  /** Of all targets, and of those that were taken out and have sockets still. */
  get figures(): readonly TargetFigures[] {
    const now = this.#now();
    const targets = [...this.#members.targets, ...this.#members.leaving];
    return targets.map((target) => target.figuresAt(now, this.#settings.slowStartMs));
  }

  /** Whether so few targets answer their health checks that those are not believed. */
  get panics(): boolean {
    return isPanic(this.#members.targets, this.#settings.panicShare);
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
      const lease = target.take(this.#ports.clock, () => this.#ended(target));
      try {
        return { value: await this.#attempt(lease, dial), lease };
      } catch (error) {
        lease.end();
        const failure = error === late ? "timeout" : failureOf(error);
        if (error instanceof UpstreamRefused && failure === undefined) target.answered();
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
    this.#members.reconfigure(settings);
  }

  /** A target gets no new connections; those that are left after so long are told to leave. False: there is none of that name. */
  drain(target: string, withinMs: number): boolean {
    return this.#members.drain(target, withinMs);
  }

  /** The same target gets connections again. */
  restore(target: string): boolean {
    return this.#members.restore(target);
  }

  /** It is gone: nobody is asked any more, and who holds a target is told to leave. */
  close(): void {
    this.#closed = true;
    this.#members.close();
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
    return inService({
      targets: this.#members.targets,
      panicShare: this.#settings.panicShare,
      tried,
      now: this.#now(),
    });
  }

  async #attempt<Value>(lease: Lease, dial: Dial<Value>): Promise<Value> {
    const { timers } = this.#ports;
    const abort = new AbortController();
    const timer = timers.after(this.#settings.connectTimeoutMs, () => abort.abort(late));
    try {
      const value = await dial(lease.target, abort.signal, () => lease.reached());
      lease.target.connected(lease.opened(), this.#now());
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
    const { targets } = this.#members;
    const ejected = targets.filter((other) => other.stateAt(now) === "ejected").length;
    if (ejected + 1 > targets.length * this.#settings.maxEjectedShare) return;
    target.eject(now);
    this.#ports.logger.warn({ pool: this.name, target: target.name, state: "ejected" }, "a target has changed");
  }

  #ended(target: Target): void {
    this.#connections -= 1;
    if (target.connections === 0) this.#members.idle(target);
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
