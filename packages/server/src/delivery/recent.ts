/** So few that looking through them costs less than a key would. */
const maxItems = 16;

/** The things that were used last, newest first: at most 16, and at most so many bytes of them. */
export class Recent<Item> {
  readonly #maxBytes: number;
  readonly #items: Item[] = [];
  readonly #sizes: number[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get items(): readonly Item[] {
    return this.#items;
  }

  /** What they hold in all. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes one in, as the newest; the oldest leave when that is more than may be held. */
  keep(item: Item, bytes: number): void {
    this.#items.unshift(item);
    this.#sizes.unshift(bytes);
    this.#bytes += bytes;
    while (this.#bytes > this.#maxBytes || this.#items.length > maxItems) {
      this.#items.pop();
      this.#bytes -= this.#sizes.pop()!;
    }
  }

  clear(): void {
    this.#items.length = 0;
    this.#sizes.length = 0;
    this.#bytes = 0;
  }
}
