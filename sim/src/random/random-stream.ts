import type { Random } from "@hawser/protocol";

/**
 * Seeded random numbers: sfc32 (Chris Doty-Humphrey, PractRand), seeded by splitmix32. A stream is split by purpose, so
 * that one more draw for the network does not change what the workload does.
 */
export class RandomStream implements Random {
  readonly #seed: number;
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** @param seed - An integer; its low 32 bits count. */
  constructor(seed: number) {
    this.#seed = seed >>> 0;
    const next = splitMix(this.#seed);
    this.#a = next();
    this.#b = next();
    this.#c = next();
    for (let warmUp = 0; warmUp < 12; warmUp += 1) this.uint32();
  }

  /** An independent stream, which depends on this one's seed and the purpose, not on what was drawn. */
  split(purpose: string): RandomStream {
    let hash = this.#seed ^ 0x811c9dc5;
    for (let index = 0; index < purpose.length; index += 1)
      hash = Math.imul(hash ^ purpose.charCodeAt(index), 0x01000193);
    return new RandomStream(hash);
  }

  uint32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    this.#c |= 0;
    return sum >>> 0;
  }

  number(): number {
    return this.uint32() / 2 ** 32;
  }

  bytes(count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    for (let at = 0; at < count; at += 1) bytes[at] = this.uint32();
    return bytes;
  }

  /** An integer in `[least, most]`. */
  integer(least: number, most: number): number {
    return least + Math.floor(this.number() * (most - least + 1));
  }

  /** True so often in one. */
  chance(probability: number): boolean {
    return this.number() < probability;
  }

  /** One of them. */
  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.integer(0, items.length - 1)];
    if (item === undefined) throw new Error("there is nothing to pick from");
    return item;
  }

  /** A time between two independent events that come every `mean` on average. */
  exponential(mean: number): number {
    return -Math.log(1 - this.number()) * mean;
  }
}

function splitMix(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return mixed ^ (mixed >>> 15);
  };
}
