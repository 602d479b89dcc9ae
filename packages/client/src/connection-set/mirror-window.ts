/** How far back copies are known. */
export interface MirrorWindowOptions {
  /** Keys that are remembered. Default 10,000. */
  readonly windowMessages: number;
  /** For how long. Default 60,000. */
  readonly windowMs: number;
}

/** The keys of the messages that came lately, to tell the first copy of each from the others. */
export class MirrorWindow {
  readonly #options: MirrorWindowOptions;
  /** From a key to when its first copy came. In order of coming, since a key is never set again. */
  readonly #firsts = new Map<string | number, number>();

  constructor(options: MirrorWindowOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#firsts.size;
  }

  /** @param now monotonic. @returns whether this is the first copy, as far as the window reaches. */
  isFirst(key: string | number, now: number): boolean {
    const { windowMessages, windowMs } = this.#options;
    for (const [old, since] of this.#firsts) {
      if (now - since < windowMs) break;
      this.#firsts.delete(old);
    }
    if (this.#firsts.has(key)) return false;
    this.#firsts.set(key, now);
    if (this.#firsts.size > windowMessages) {
      for (const oldest of this.#firsts.keys()) {
        this.#firsts.delete(oldest);
        break;
      }
    }
    return true;
  }
}
