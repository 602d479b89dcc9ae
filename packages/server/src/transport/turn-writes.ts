/** Something that was given what it has to write. */
export interface Waiting {
  writeNow(): void;
}

/**
 * What the connections of one server write in a turn goes to their sockets behind the work of that turn, and what one of
 * them is given by and by goes in one write. Each write takes the processor's caches for itself: between two of them the
 * next connection would be gathered from memory once more, where all of them together are still at hand.
 */
export class TurnWrites {
  #waiting: Waiting[] = [];

  add(waiting: Waiting): void {
    if (this.#waiting.push(waiting) === 1) queueMicrotask(() => this.#run());
  }

  #run(): void {
    const all = this.#waiting;
    this.#waiting = [];
    for (const waiting of all) waiting.writeNow();
  }
}
