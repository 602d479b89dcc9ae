import type { Head } from "@hawser/log";
import type { Timers } from "@hawser/protocol";

interface Asked {
  readonly name: string;
  readonly resolve: (head: Head) => void;
  readonly reject: (error: Error) => void;
}

/** Heads that are asked for at once. */
const maxHeads = 256;

/** Asks for the heads that one turn wants together: clients that come back to a node want thousands. */
export class HeadBatch {
  readonly #timers: Timers;
  readonly #heads: (names: readonly string[]) => Promise<Head[]>;
  #asked: Asked[] = [];

  /** @param heads answers in the order of the names. */
  constructor(timers: Timers, heads: (names: readonly string[]) => Promise<Head[]>) {
    this.#timers = timers;
    this.#heads = heads;
  }

  /** The head as the log has it after this call. */
  head(name: string): Promise<Head> {
    return new Promise((resolve, reject) => {
      if (this.#asked.length === 0) this.#timers.soon(() => this.#ask());
      this.#asked.push({ name, resolve, reject });
    });
  }

  #ask(): void {
    const all = this.#asked;
    this.#asked = [];
    for (let first = 0; first < all.length; first += maxHeads) void this.#askSome(all.slice(first, first + maxHeads));
  }

  async #askSome(some: readonly Asked[]): Promise<void> {
    try {
      const heads = await this.#heads(some.map(({ name }) => name));
      for (const [index, { resolve }] of some.entries()) resolve(heads[index]!);
    } catch (error) {
      for (const { reject } of some) reject(error as Error);
    }
  }
}
