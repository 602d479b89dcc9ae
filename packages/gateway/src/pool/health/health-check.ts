import type { Random, Timer, Timers } from "@hawser/protocol";
import type { HealthSettings } from "../pool-settings.ts";
import type { Target } from "../target.ts";

/**
 * Asks a target whether it is well, by one of the kinds: resolves if it is, and rejects if not. What it holds of the network it lets go
 * of when the signal says so, though it has answered.
 */
export type Probe = (target: Target, health: HealthSettings, signal: AbortSignal) => Promise<void>;

export interface HealthCheckOptions {
  readonly target: Target;
  readonly health: HealthSettings;
  readonly probe: Probe;
  readonly timers: Timers;
  readonly random: Random;
  /** The threshold was reached. */
  readonly onChange: (well: boolean) => void;
}

/** Asks one target at intervals. What is known of it holds until the answers say otherwise. */
export class HealthCheck {
  readonly #options: HealthCheckOptions;
  #well: boolean;
  /** Answers in a row that say otherwise. */
  #against = 0;
  #timer: Timer | undefined;
  #asked: { readonly abort: AbortController; readonly late: Timer } | undefined;
  #stopped = false;

  constructor(options: HealthCheckOptions) {
    this.#options = options;
    this.#well = options.target.isWell;
    // Not all targets of all nodes in the same moment; the first time soon.
    this.#askIn(options.random.number() * Math.min(1_000, options.health.intervalMs));
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#letGo();
  }

  #letGo(): void {
    this.#asked?.late.cancel();
    this.#asked?.abort.abort(new Error("No longer asked."));
    this.#asked = undefined;
  }

  #askIn(delayMs: number): void {
    this.#timer = this.#options.timers.after(delayMs, () => void this.#ask());
  }

  async #ask(): Promise<void> {
    const { target, health, probe, timers, random } = this.#options;
    this.#letGo();
    const abort = new AbortController();
    const late = timers.after(health.timeoutMs, () => abort.abort(new Error("No answer in time.")));
    this.#asked = { abort, late };
    const well = await probe(target, health, abort.signal).then(
      () => true,
      () => false,
    );
    if (this.#stopped) return;
    this.#take(well);
    this.#askIn(health.intervalMs * (0.9 + 0.2 * random.number()));
  }

  #take(well: boolean): void {
    if (well === this.#well) {
      this.#against = 0;
      return;
    }
    this.#against += 1;
    const { health, onChange } = this.#options;
    if (this.#against < (well ? health.successes : health.failures)) return;
    this.#well = well;
    this.#against = 0;
    onChange(well);
  }
}
