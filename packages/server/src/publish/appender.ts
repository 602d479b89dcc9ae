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

/**
 * Hears what became of an append. One function may stand for many, so that none is made for each.
 *
 * @param request - As it was given with the append.
 */
export type OnAppended = (outcome: AppendOutcome, append: Append, request: number) => void;

/** Appends with those who hear of them, each at the same index. */
interface Waiting {
  readonly appends: Append[];
  readonly listeners: OnAppended[];
  readonly requests: number[];
}

const noneWaiting = (): Waiting => ({ appends: [], listeners: [], requests: [] });

/** Gathers the publishes of one turn of the event loop, so that the log commits them together. */
export class Appender {
  readonly #options: AppenderOptions;
  #waiting = noneWaiting();
  #flushing = new Set<Promise<void>>();

  constructor(options: AppenderOptions) {
    this.#options = options;
  }

  /** `onAppended` is called once, in the order of the appends of one channel. */
  add(append: Append, onAppended: OnAppended, request = 0): void {
    const { appends, listeners, requests } = this.#waiting;
    appends.push(append);
    listeners.push(onAppended);
    requests.push(request);
    if (appends.length === 1) this.#options.timers.soon(() => this.#flush());
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
    const waiting = this.#waiting;
    if (waiting.appends.length === 0) return;
    this.#waiting = noneWaiting();
    const flushed = this.#append(waiting).finally(() => this.#flushing.delete(flushed));
    this.#flushing.add(flushed);
  }

  async #append({ appends, listeners, requests }: Waiting): Promise<void> {
    const { clock, log, observer } = this.#options;
    const begun = clock.monotonic();
    let outcomes: readonly AppendOutcome[];
    try {
      outcomes = await log.append(appends);
    } catch (error) {
      // The port says that it never rejects; an adapter that does leaves the outcome open.
      const message = error instanceof Error ? error.message : String(error);
      outcomes = appends.map(() => ({ kind: "failed", code: "log-unavailable", message }));
    }
    assert(outcomes.length === appends.length, "the log did not answer each append");
    observer.appended(appends.length, clock.monotonic() - begun);
    for (let index = 0; index < outcomes.length; index += 1) {
      listeners[index]!(outcomes[index]!, appends[index]!, requests[index]!);
    }
  }
}
