import type { Append, AppendOutcome, Log } from "@hawser/log";
import { assert } from "@hawser/protocol";
import type { Clock, Timers } from "@hawser/protocol";
import type { NodeObserver } from "../observe/observer.ts";

export interface AppenderOptions {
  readonly log: Log;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly observer: NodeObserver;
}

interface Waiting {
  readonly append: Append;
  readonly done: (outcome: AppendOutcome) => void;
}

/** Gathers the publishes of one turn of the event loop, so that the log commits them together. */
export class Appender {
  readonly #options: AppenderOptions;
  #waiting: Waiting[] = [];
  #flushing = new Set<Promise<void>>();

  constructor(options: AppenderOptions) {
    this.#options = options;
  }

  /** `done` is called once, in the order of the appends of one channel. */
  add(append: Append, done: (outcome: AppendOutcome) => void): void {
    this.#waiting.push({ append, done });
    if (this.#waiting.length === 1) this.#options.timers.soon(() => this.#flush());
  }

  /** Resolves when what was added before is answered. */
  async answered(): Promise<void> {
    this.#flush();
    await Promise.all(this.#flushing);
  }

  /** Resolves when nothing is unanswered. */
  async settle(): Promise<void> {
    this.#flush();
    while (this.#flushing.size > 0) await Promise.all(this.#flushing);
  }

  #flush(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    const flushed = this.#append(waiting).finally(() => this.#flushing.delete(flushed));
    this.#flushing.add(flushed);
  }

  async #append(waiting: readonly Waiting[]): Promise<void> {
    const { clock, log, observer } = this.#options;
    const begun = clock.monotonic();
    let outcomes: readonly AppendOutcome[];
    try {
      outcomes = await log.append(waiting.map(({ append }) => append));
    } catch (error) {
      // The port says that it never rejects; an adapter that does leaves the outcome open.
      const message = error instanceof Error ? error.message : String(error);
      outcomes = waiting.map(() => ({ kind: "failed", code: "log-unavailable", message }));
    }
    assert(outcomes.length === waiting.length, "the log did not answer each append");
    observer.appended(waiting.length, clock.monotonic() - begun);
    for (const [index, { done }] of waiting.entries()) done(outcomes[index]!);
  }
}
