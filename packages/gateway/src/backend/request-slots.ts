/** How many may be at work at once; the others wait in the order in which they came. */
export class RequestSlots {
  #taken = 0;
  readonly #waiting: (() => void)[] = [];

  /** Those that wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Resolves when there is a slot; who got it leaves it. */
  async take(limit: number): Promise<void> {
    if (this.#taken < limit) {
      this.#taken += 1;
      return;
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#taken -= 1;
    else next();
  }
}
