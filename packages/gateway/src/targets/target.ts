import type { Clock, Timer, Timers } from "@hawser/protocol";
import type { ProxyLease, ProxyTarget } from "../proxy/pool-port.ts";
import type { TargetSettings } from "./target-pool-options.ts";

/** Whether a target gets new sockets, and why not. */
export type TargetState =
  | { readonly kind: "up" }
  /** It does not answer when it is asked. */
  | { readonly kind: "down" }
  /** Connects to it failed; it is tried again from then on. */
  | { readonly kind: "ejected"; readonly until: number }
  /** It was told to get none; those that it has end at the deadline. */
  | { readonly kind: "draining"; readonly deadline: Timer };

/** What is shown of a target. */
export interface TargetFigures {
  readonly name: string;
  readonly url: string;
  readonly state: TargetState["kind"];
  readonly weight: number;
  readonly open: number;
  readonly connects: number;
  readonly errors: number;
  readonly ejections: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Of connecting, the newest counting most; 0: nothing was measured. */
  readonly latencyMs: number;
}

/** An ejection is at most so many times as long as the first. */
const maxEjectFactor = 32;
/** How much a new measurement moves the latency. */
const latencyShare = 0.2;

/** One target of a pool: its state and its counts. */
export class Target {
  settings: TargetSettings;
  /** When it came into service, by the clock that does not go back. */
  since: number;
  /** Of round robin: what is owed to it. */
  owed = 0;
  open = 0;
  connects = 0;
  errors = 0;
  ejections = 0;
  bytesIn = 0;
  bytesOut = 0;
  latencyMs = 0;
  #state: TargetState = { kind: "up" };
  #failures = 0;
  #ejectFactor = 1;
  #probeFailures = 0;
  #probeSuccesses = 0;
  readonly #leases = new Set<AbortController>();
  readonly #clock: Clock;

  constructor(settings: TargetSettings, clock: Clock) {
    this.settings = settings;
    this.#clock = clock;
    this.since = -Infinity;
  }

  get name(): string {
    return this.settings.name;
  }

  get state(): TargetState {
    const now = this.#clock.monotonic();
    if (this.#state.kind === "ejected" && now >= this.#state.until) this.#rise();
    return this.#state;
  }

  /** It may get another socket. */
  get takes(): boolean {
    return this.state.kind === "up" && this.open < this.settings.maxConnections;
  }

  get figures(): TargetFigures {
    const { name, settings, open, connects, errors, ejections, bytesIn, bytesOut, latencyMs } = this;
    const { url, weight } = settings;
    const state = this.state.kind;
    return { name, url: url.href, state, weight, open, connects, errors, ejections, bytesIn, bytesOut, latencyMs };
  }

  /** A connect has succeeded. */
  lease(target: ProxyTarget, elapsedMs: number): ProxyLease {
    this.connects += 1;
    this.#failures = 0;
    this.#ejectFactor = 1;
    this.latencyMs += (elapsedMs - this.latencyMs) * (this.latencyMs === 0 ? 1 : latencyShare);
    const down = new AbortController();
    this.#leases.add(down);
    return {
      target,
      signal: down.signal,
      bytesIn: (bytes) => void (this.bytesIn += bytes),
      bytesOut: (bytes) => void (this.bytesOut += bytes),
      end: () => {
        if (this.#leases.delete(down)) this.open -= 1;
      },
    };
  }

  /** A connect has failed. */
  failed(ejectAfter: number, ejectMs: number): void {
    this.errors += 1;
    this.#failures += 1;
    if (this.#failures < ejectAfter || this.state.kind !== "up") return;
    this.ejections += 1;
    this.#state = { kind: "ejected", until: this.#clock.monotonic() + ejectMs * this.#ejectFactor };
    this.#ejectFactor = Math.min(this.#ejectFactor * 2, maxEjectFactor);
    // One more failure after its return is enough.
    this.#failures = ejectAfter - 1;
  }

  /** It was asked whether it lives. @returns whether its state has changed. */
  probed(lives: boolean, failures: number, successes: number): boolean {
    this.#probeFailures = lives ? 0 : this.#probeFailures + 1;
    this.#probeSuccesses = lives ? this.#probeSuccesses + 1 : 0;
    const { kind } = this.state;
    if (kind === "down" && this.#probeSuccesses >= successes) {
      this.#rise();
      return true;
    }
    if (kind === "draining" || kind === "down" || this.#probeFailures < failures) return false;
    this.#state = { kind: "down" };
    this.endAll();
    return true;
  }

  /** Gets no more sockets; those that it has end after so long. */
  drain(withinMs: number, timers: Timers): void {
    if (this.#state.kind === "draining") this.#state.deadline.cancel();
    this.#state = { kind: "draining", deadline: timers.after(withinMs, () => this.endAll()) };
  }

  /** Gets sockets again. */
  restore(): void {
    if (this.#state.kind === "draining") this.#state.deadline.cancel();
    this.#rise();
  }

  /** Tells all that hold it that it is gone. */
  endAll(): void {
    for (const lease of this.#leases) lease.abort();
  }

  #rise(): void {
    this.#state = { kind: "up" };
    this.since = this.#clock.monotonic();
  }
}
