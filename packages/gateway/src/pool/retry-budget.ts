/** Of the connections, so many may be tried once more: what everybody retries would double the load of a pool that is down. */
const share = 0.2;
/** And so many at once, however few connections there are. */
const most = 10;

/** How many attempts at other targets are left: each connection earns a fifth of one, up to ten. */
export class RetryBudget {
  #left = most;

  /** A connection was asked for. */
  earn(): void {
    this.#left = Math.min(most, this.#left + share);
  }

  /** @returns whether there was one. */
  take(): boolean {
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
