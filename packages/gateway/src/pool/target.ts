import type { ConnectionOptions } from "node:tls";
import type { Clock } from "@hawser/protocol";
import type { Candidate } from "./balance/balancer.ts";
import { Outcomes } from "./health/outcomes.ts";
import { Lease } from "./lease.ts";
import { Measures } from "./measures.ts";
import type { MeasureFigures } from "./measures.ts";
import { PeakEwma } from "./peak-ewma.ts";
import type { EjectionSettings, TargetSettings } from "./pool-settings.ts";

/** Why a target is given no connection, or that it is. `down`: it does not answer when asked; `ejected`: it fails too many. */
export type TargetState = "up" | "down" | "ejected" | "draining";

/** What became of the connections to a target. */
export interface TargetFigures extends MeasureFigures {
  readonly name: string;
  readonly url: string;
  readonly state: TargetState;
  /** Its share beside the others', as it is now. */
  readonly weight: number;
  /** Sockets now, those too that are being opened. */
  readonly open: number;
  /** Sockets that were opened. */
  readonly connects: number;
  /** Times that it could not be reached. */
  readonly errors: number;
  /** The same by why: an error's code, `timeout`, or an HTTP status. */
  readonly failures: Readonly<Record<string, number>>;
  /** Sockets that were open, and that it has ended without a close frame. */
  readonly lost: number;
  readonly ejections: number;
  /** From asking for a socket to having it, peaks counting most; 0: nothing was measured. */
  readonly latencyMs: number;
}

/** The least part of its weight that a target has when it is new. */
const slowStartShare = 0.05;
/** Kinds of failure that are counted apart. */
const maxFailureKinds = 32;

/** One server of a pool, with all that is known of it. */
export class Target {
  readonly name: string;
  readonly url: URL;
  readonly #outcomes: Outcomes;
  readonly #latency = new PeakEwma();
  readonly #measures = new Measures();
  readonly #leases = new Set<Lease>();
  readonly #failures = new Map<string, number>();
  #settings: TargetSettings;
  /** Until it is found not to be: a new one is used at once. */
  #well = true;
  #ejectedUntil = Number.NEGATIVE_INFINITY;
  #draining = false;
  #since: number;
  #opened = 0;
  #lost = 0;
  #ejections = 0;

  /** @param since - When its share begins to grow; `-Infinity`: it has all of it. */
  constructor(settings: TargetSettings, ejection: EjectionSettings, since: number) {
    this.name = settings.name;
    this.url = settings.url;
    this.#settings = settings;
    this.#since = since;
    this.#outcomes = new Outcomes(ejection);
  }

  get settings(): TargetSettings {
    return this.#settings;
  }

  get tls(): ConnectionOptions | undefined {
    return this.#settings.tls;
  }

  /** Whether it answered when it was last asked. */
  get isWell(): boolean {
    return this.#well;
  }

  /** It is to get no more connections. */
  get isDraining(): boolean {
    return this.#draining;
  }

  get connections(): number {
    return this.#leases.size;
  }

  get hasRoom(): boolean {
    return this.#leases.size < this.#settings.maxConnections;
  }

  /** All but its URL can change while connections stay. */
  change(settings: TargetSettings, ejection: EjectionSettings): void {
    this.#settings = settings;
    this.#outcomes.change(ejection);
  }

  stateAt(now: number): TargetState {
    if (this.#draining) return "draining";
    if (!this.#well) return "down";
    return now < this.#ejectedUntil ? "ejected" : "up";
  }

  candidateAt(now: number, slowStartMs: number): Candidate & { readonly target: Target } {
    const grown = slowStartMs === 0 ? 1 : Math.min(1, Math.max(slowStartShare, (now - this.#startsAt()) / slowStartMs));
    const weight = this.#settings.weight * grown;
    return { target: this, name: this.name, weight, connections: this.connections, latencyMs: this.#latency.value };
  }

  /** A connection begins. @param onEnd - Called once, when it is over. */
  take(clock: Clock, onEnd: () => void): Lease {
    const lease: Lease = new Lease({
      target: this,
      measures: this.#measures,
      clock,
      onEnd: (error) => {
        if (error !== undefined) this.#lost += 1;
        this.#leases.delete(lease);
        onEnd();
      },
    });
    this.#leases.add(lease);
    return lease;
  }

  connected(latencyMs: number, now: number): void {
    this.#opened += 1;
    this.#outcomes.succeeded();
    this.#latency.observe(latencyMs, now);
  }

  /** It was reached, and did not take the connection. */
  answered(): void {
    this.#outcomes.succeeded();
  }

  /** @returns whether it should be left out for a while. */
  failed(why: string): boolean {
    const kind = this.#failures.has(why) || this.#failures.size < maxFailureKinds ? why : "other";
    this.#failures.set(kind, (this.#failures.get(kind) ?? 0) + 1);
    return this.#outcomes.failed();
  }

  eject(now: number): void {
    this.#ejections += 1;
    this.#ejectedUntil = this.#outcomes.eject(now);
  }

  /** What asking it has found. One that is down tells those who hold it; one that is back starts slowly. */
  found(well: boolean, now: number): void {
    if (well === this.#well) return;
    this.#well = well;
    if (well) this.#since = now;
    else this.#tell("The target does not answer any more.");
  }

  /** It is given no more connections. */
  drain(): void {
    this.#draining = true;
  }

  /** It is given connections again. */
  restore(now: number): void {
    if (!this.#draining) return;
    this.#draining = false;
    this.#since = now;
  }

  /** Those who hold it are told to leave. */
  dismiss(): void {
    this.#tell("The target was taken out of the pool.");
  }

  figuresAt(now: number, slowStartMs: number): TargetFigures {
    return {
      name: this.name,
      url: this.url.href,
      state: this.stateAt(now),
      weight: this.candidateAt(now, slowStartMs).weight,
      open: this.connections,
      connects: this.#opened,
      lost: this.#lost,
      errors: [...this.#failures.values()].reduce((sum, count) => sum + count, 0),
      failures: Object.fromEntries(this.#failures),
      ejections: this.#ejections,
      latencyMs: this.#latency.value ?? 0,
      ...this.#measures.figures,
    };
  }

  /** One that was left out comes back as one that is new. */
  #startsAt(): number {
    return Math.max(this.#since, this.#ejectedUntil);
  }

  #tell(reason: string): void {
    for (const lease of this.#leases) lease.tell(new Error(reason));
  }
}
