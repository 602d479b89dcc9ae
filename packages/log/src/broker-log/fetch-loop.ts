import type { Clock, Random, Timer, Timers } from "@hawser/protocol";
import type { Broker, Fetched } from "../prefix/broker.ts";

/** Options of a {@link FetchLoop}; times in milliseconds. */
export interface FetchLoopOptions {
  readonly broker: Broker;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  /** Records in one fetch at most. */
  readonly maxFetch: number;
  /** Pause after an answer that brought nothing and did not wait for something to come. */
  readonly pollMs: number;
  /** The pause after a fetch that failed is drawn below a bound that begins here and doubles. */
  readonly minBackoffMs: number;
  /** Where that bound stops to double. */
  readonly maxBackoffMs: number;
}

/** Who reads by a {@link FetchLoop}. */
export interface FetchLoopReader {
  /** Where the next fetch begins. */
  position(): number;
  /** How long the next fetch may wait at the end of the log; 0 when somebody wants to know the end now. */
  waitMs(): number;
  /** An answer from where reading stands. Returns whether there is more to read at once. */
  take(fetched: Fetched, fetch: number): boolean;
  onAvailable(available: boolean): void;
}

type Main =
  | { readonly kind: "idle" }
  | { readonly kind: "fetching"; readonly waits: boolean }
  /** `failed`: the broker did not answer, and is left alone for a while. */
  | { readonly kind: "paused"; readonly failed: boolean; readonly timer: Timer };

/**
 * Asks a broker for what comes next, and never stops: one fetch after the other, which at the end of the log waits for
 * something to come. Who wants to know the end now makes it ask beside the one that waits. What does not answer is asked again
 * after a pause that grows, drawn at random, so that the nodes of a cluster do not come back all at once.
 */
export class FetchLoop {
  readonly #options: FetchLoopOptions;
  readonly #reader: FetchLoopReader;
  #main: Main = { kind: "idle" };
  #asking = false;
  #begun = 0;
  #failures = 0;
  #failure: unknown;
  /** Counts how often reading began anew: answers of before are of no use. */
  #generation = 0;
  #stopped = false;

  constructor(options: FetchLoopOptions, reader: FetchLoopReader) {
    this.#options = options;
    this.#reader = reader;
  }

  /** Number of the fetch that began last; an answer with a higher one is newer than this moment. */
  get begun(): number {
    return this.#begun;
  }

  /** Whether the last fetch was answered. */
  get available(): boolean {
    return this.#failures === 0;
  }

  /** What the last fetch failed with, if it did. */
  get failure(): unknown {
    return this.available ? undefined : this.#failure;
  }

  /** Begins, or asks now: not after the pause, and beside a fetch that waits. A broker that failed is left its pause. */
  ask(): void {
    if (this.#stopped) return;
    if (this.#main.kind === "idle") {
      void this.#fetchMain();
    } else if (this.#main.kind === "paused") {
      if (this.#main.failed) return;
      this.#main.timer.cancel();
      void this.#fetchMain();
    } else if (this.#main.waits && !this.#asking) {
      void this.#fetchBeside();
    }
  }

  /** Reading begins anew: what is under way is of no use. */
  restart(): void {
    this.#generation += 1;
  }

  stop(): void {
    this.#stopped = true;
    if (this.#main.kind === "paused") this.#main.timer.cancel();
  }

  async #fetchMain(): Promise<void> {
    const { clock, pollMs } = this.#options;
    const waitMs = this.#reader.waitMs();
    this.#main = { kind: "fetching", waits: waitMs > 0 };
    const since = clock.monotonic();
    try {
      const before = this.#reader.position();
      const more = await this.#fetch(waitMs);
      if (this.#stopped) return;
      const failures = this.#failures;
      this.#failures = 0;
      if (failures > 0) this.#reader.onAvailable(true);
      const isNews = more || this.#reader.position() !== before || this.#reader.waitMs() === 0;
      this.#pause(isNews ? 0 : Math.max(0, pollMs - (clock.monotonic() - since)), false);
    } catch (error) {
      if (this.#stopped) return;
      this.#failure = error;
      this.#failures += 1;
      if (this.#failures === 1) this.#reader.onAvailable(false);
      this.#pause(this.#backoffMs(), true);
    }
  }

  async #fetchBeside(): Promise<void> {
    this.#asking = true;
    try {
      await this.#fetch(0);
      this.#options.timers.soon(() => {
        if (this.#reader.waitMs() === 0) this.ask();
      });
    } catch {
      // So does the one that waits, or it ends in time and then asks for itself.
    } finally {
      this.#asking = false;
    }
  }

  async #fetch(waitMs: number): Promise<boolean> {
    const generation = this.#generation;
    const from = this.#reader.position();
    const fetch = (this.#begun += 1);
    const fetched = await this.#options.broker.fetch(from, this.#options.maxFetch, waitMs);
    // Another answer may have come first.
    if (this.#stopped || generation !== this.#generation || from !== this.#reader.position()) return true;
    return this.#reader.take(fetched, fetch);
  }

  #pause(delayMs: number, failed: boolean): void {
    const timer = this.#options.timers.after(delayMs, () => void this.#fetchMain());
    this.#main = { kind: "paused", failed, timer };
  }

  #backoffMs(): number {
    const { minBackoffMs, maxBackoffMs, random } = this.#options;
    const bound = Math.min(maxBackoffMs, minBackoffMs * 2 ** Math.min(this.#failures - 1, 30));
    return Math.max(1, bound * (0.5 + random.number() / 2));
  }
}
