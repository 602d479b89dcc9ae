/**
 * Attempts at an append that were refused, by the names that {@link attemptOf} gives. Bounded: past the limit the oldest one is
 * let go.
 */
export class DeadAttempts {
  readonly #limit: number;
  readonly #all = new Set<string>();

  /** @param limit attempts that are remembered at most. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  has(attempt: string): boolean {
    return this.#all.size > 0 && this.#all.has(attempt);
  }

  add(attempt: string): void {
    this.#all.add(attempt);
    if (this.#all.size <= this.#limit) return;
    const oldest = this.#all.values().next();
    if (oldest.done !== true) this.#all.delete(oldest.value);
  }

  clear(): void {
    this.#all.clear();
  }

  /** All of them, the oldest first. */
  toArray(): string[] {
    return [...this.#all];
  }
}

/** The attempt that a record of this identity belongs to. */
export function attemptOf(id: string): string {
  const at = id.indexOf(".");
  return at < 0 ? id : id.slice(0, at);
}
