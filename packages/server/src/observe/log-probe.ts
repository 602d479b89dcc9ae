import type { Log } from "@hawser/log";
import type { Timers } from "@hawser/protocol";

/** A channel that nothing is published to. */
const probeChannel = "$probe";

/** A log that takes longer serves nobody. */
const answerWithinMs = 2_000;

/** Finds out whether the log answers, by asking it. Those who ask meanwhile share one question. */
export class LogProbe {
  readonly #log: Log;
  readonly #timers: Timers;
  #asked: Promise<boolean> | undefined;

  constructor(log: Log, timers: Timers) {
    this.#log = log;
    this.#timers = timers;
  }

  /** Whether it answers within two seconds. Never rejects. */
  answers(): Promise<boolean> {
    this.#asked ??= this.#ask().finally(() => {
      this.#asked = undefined;
    });
    return this.#asked;
  }

  #ask(): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = this.#timers.after(answerWithinMs, () => resolve(false));
      const end = (answered: boolean): void => {
        timer.cancel();
        resolve(answered);
      };
      // Asynchronous here too, since an adapter may throw at once.
      const ask = async (): Promise<unknown> => this.#log.head(probeChannel);
      ask().then(
        () => end(true),
        () => end(false),
      );
    });
  }
}
