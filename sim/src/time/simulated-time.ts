import { EventQueue } from "./event-queue.ts";
import type { ScheduledEvent } from "./event-queue.ts";

/** Where simulated clocks begin: 2026-01-01 UTC. */
export const beginsAt = Date.UTC(2026, 0, 1);

/** Events that one round of the real event loop runs, with the microtasks drained between any two of them. */
const eventsPerRound = 64;
/** So many events without a millisecond passing are a loop that never ends. */
const maxEventsAtOnce = 200_000;

/**
 * The time of the simulated world: what is to happen soon, in order, and what is to happen at a time. Between two
 * events all microtasks run, so that promises in the code under test make the same progress in every run.
 */
export class SimulatedTime {
  readonly #queue = new EventQueue();
  #soon: (() => void)[] = [];
  #soonNext = 0;
  #now = 0;
  #events = 0;
  /** How many had happened when time last went on. */
  #eventsBefore = 0;
  #failure: { readonly error: unknown } | undefined;

  /** Milliseconds since the world began. */
  get now(): number {
    return this.#now;
  }

  /** How many events have happened. */
  get events(): number {
    return this.#events;
  }

  after(delayMs: number, callback: () => void): ScheduledEvent {
    return this.#queue.add(this.#now + Math.max(0, delayMs), callback);
  }

  /** Behind what is soon already, ahead of everything that has a time. */
  soon(callback: () => void): void {
    this.#soon.push(callback);
  }

  /** Stops the run at once; it rejects with the error. */
  fail(error: unknown): void {
    this.#failure ??= { error };
  }

  /**
   * Lets time pass until `untilMs`, or until `done` says that it is enough; `done` is asked after each event.
   * Rejects with what an event threw.
   */
  run(untilMs: number, done: () => boolean = () => false): Promise<void> {
    return new Promise((resolve, reject) => {
      let left = 0;
      const step = (): void => {
        left -= 1;
        if (this.#failure === undefined && !done() && this.#step(untilMs)) {
          if (left <= 0) round();
          return;
        }
        finished();
      };
      let ended = false;
      const finished = (): void => {
        if (ended) return;
        ended = true;
        if (this.#failure === undefined) resolve();
        // The rejection carries whatever the code under test threw.
        // oxlint-disable-next-line prefer-promise-reject-errors
        else reject(this.#failure.error);
      };
      const guarded = (): void => {
        if (!ended) step();
      };
      // Node drains microtasks between two immediates, so that a round costs one turn of its loop and not one for each event.
      const round = (): void => {
        left = eventsPerRound;
        for (let index = 0; index < eventsPerRound; index += 1) setImmediate(guarded);
      };
      round();
    });
  }

  /** One event; false when there is none until then. */
  #step(untilMs: number): boolean {
    const callback = this.#next(untilMs);
    if (callback === undefined) {
      this.#now = Math.max(this.#now, untilMs);
      return false;
    }
    this.#events += 1;
    if (this.#events - this.#eventsBefore > maxEventsAtOnce) {
      this.fail(
        new Error(`time stands still at ${this.#now} ms: the last event was ${callback.toString().slice(0, 200)}`),
      );
      return false;
    }
    try {
      callback();
    } catch (error) {
      this.fail(error);
    }
    return true;
  }

  #next(untilMs: number): (() => void) | undefined {
    if (this.#soonNext < this.#soon.length) {
      const callback = this.#soon[this.#soonNext]!;
      this.#soonNext += 1;
      if (this.#soonNext === this.#soon.length) {
        this.#soon = [];
        this.#soonNext = 0;
      }
      return callback;
    }
    const at = this.#queue.nextAt;
    if (at === undefined || at > untilMs) return undefined;
    if (at > this.#now) this.#eventsBefore = this.#events;
    this.#now = at;
    return this.#queue.take();
  }
}
