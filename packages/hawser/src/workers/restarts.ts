/** A worker that served for so long was in order, whatever ended it. */
const stableMs = 10_000;
/** So many ends in a row, each before that, end the command. */
const maxShortLives = 5;
const minPauseMs = 100;
const maxPauseMs = 5_000;

/** When the place of a worker that ended is taken, and when no more: one that ends again and again is not helped by more of it. */
export class Restarts {
  #shortLives = 0;

  /**
   * A worker has ended.
   *
   * @param servedMs for how long it had served; 0 when it never did.
   * @returns after how many milliseconds another one starts; `undefined`: it is given up.
   */
  ended(servedMs: number): number | undefined {
    if (servedMs >= stableMs) this.#shortLives = 0;
    this.#shortLives += 1;
    if (this.#shortLives >= maxShortLives) return undefined;
    return Math.min(maxPauseMs, minPauseMs * 4 ** (this.#shortLives - 1));
  }
}
