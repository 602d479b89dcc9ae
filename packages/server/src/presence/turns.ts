/** Does what waits for something in its order: of one key the next begins when the one before has ended. */
export class Turns {
  readonly #last = new Map<string, Promise<void>>();

  /** Whether what is added now has to wait. */
  isTaken(key: string): boolean {
    return this.#last.has(key);
  }

  /** @param run - Never rejects. */
  add(key: string, run: () => Promise<void>): void {
    const before = this.#last.get(key);
    const turn = before === undefined ? run() : before.then(run);
    this.#last.set(key, turn);
    void turn.then(() => {
      if (this.#last.get(key) === turn) this.#last.delete(key);
    });
  }
}
