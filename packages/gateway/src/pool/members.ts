import type { Ports, Timer } from "@hawser/protocol";
import type { Logger } from "@hawser/server";
import { DnsTargets } from "./discovery/dns-targets.ts";
import type { Resolve } from "./discovery/dns-targets.ts";
import { HealthCheck } from "./health/health-check.ts";
import type { Probe } from "./health/health-check.ts";
import type { TargetPoolSettings, TargetSettings } from "./pool-settings.ts";
import { Target } from "./target.ts";

/** What a pool takes from the world. */
export interface PoolPorts extends Ports {
  readonly probe: Probe;
  readonly resolve: Resolve;
  readonly logger: Logger;
}

export interface MembersOptions {
  /** Of the pool. */
  readonly name: string;
  readonly settings: TargetPoolSettings;
  readonly ports: PoolPorts;
}

interface Member {
  readonly target: Target;
  check: HealthCheck | undefined;
  /** Until those who are connected have to leave. */
  leaving: Timer | undefined;
}

/** Who is of a pool: the targets of its settings and those by name, each asked whether it is well, and those that leave. */
export class Members {
  readonly #name: string;
  readonly #ports: PoolPorts;
  readonly #members = new Map<string, Member>();
  /** Those that are no longer of the pool, and have connections. */
  readonly #leaving = new Map<Target, Member>();
  #settings: TargetPoolSettings;
  /** Asks for the name that the settings have. */
  #asking: DnsTargets | undefined;
  /** Whose targets hold: what is asked now, or what was asked before, until the first answer. */
  #answered: DnsTargets | undefined;

  constructor({ name, settings, ports }: MembersOptions) {
    this.#name = name;
    this.#ports = ports;
    this.#settings = settings;
    this.#put(settings.targets, Number.NEGATIVE_INFINITY);
    this.#startDns();
  }

  /** Those of the pool. */
  get targets(): readonly Target[] {
    return [...this.#members.values()].map(({ target }) => target);
  }

  /** Those that were taken out, and have connections still. */
  get leaving(): readonly Target[] {
    return [...this.#leaving.keys()];
  }

  /** Targets that stay keep their connections and what is known of them; those that go are drained. */
  reconfigure(settings: TargetPoolSettings): void {
    const former = this.#settings;
    this.#settings = settings;
    const isSameDns = JSON.stringify(former.dns) === JSON.stringify(settings.dns);
    if (!isSameDns) this.#asking?.stop();
    if (settings.dns === undefined) this.#answered = undefined;
    this.#putAll();
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

  /** The last connection of a target is over: of one that went, nothing is left to be known. */
  idle(target: Target): void {
    this.#leaving.get(target)?.leaving?.cancel();
    this.#leaving.delete(target);
  }

  /** Nobody is asked any more, and who holds a target is told to leave. */
  close(): void {
    this.#asking?.stop();
    for (const member of [...this.#members.values(), ...this.#leaving.values()]) {
      member.check?.stop();
      member.leaving?.cancel();
      member.target.dismiss();
    }
    this.#members.clear();
    this.#leaving.clear();
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
    const { probe, timers, random, logger } = this.#ports;
    const onChange = (well: boolean): void => {
      const now = this.#now();
      target.found(well, now);
      logger.warn({ pool: this.#name, target: target.name, state: target.stateAt(now) }, "a target has changed");
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

  /** Those of the settings, and those by name. */
  #putAll(): void {
    const { targets, maxConnections } = this.#settings;
    this.#put([...targets, ...(this.#answered?.targets(maxConnections) ?? [])], this.#now());
  }

  #startDns(): void {
    const { dns } = this.#settings;
    if (dns === undefined) return;
    const { resolve, timers, random } = this.#ports;
    const asking = new DnsTargets({
      dns,
      resolve,
      timers,
      random,
      onChange: () => {
        this.#answered = asking;
        this.#putAll();
      },
    });
    this.#asking = asking;
  }

  #now(): number {
    return this.#ports.clock.monotonic();
  }
}
