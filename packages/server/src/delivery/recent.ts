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
    this.#shed();
  }

  /** One of them holds so much more now. */
  grow(item: Item, bytes: number): void {
    const index = this.#items.indexOf(item);
    if (index === -1) return;
    this.#sizes[index]! += bytes;
    this.#bytes += bytes;
    this.#shed();
  }

  /** Lets go of those that are not needed any more. */
  drop(isDone: (item: Item) => boolean): void {
    for (let index = this.#items.length - 1; index >= 0; index -= 1) {
      if (!isDone(this.#items[index]!)) continue;
      this.#items.splice(index, 1);
      this.#bytes -= this.#sizes.splice(index, 1)[0]!;
    }
  }

  clear(): void {
    this.#items.length = 0;
    this.#sizes.length = 0;
    this.#bytes = 0;
  }

  #shed(): void {
    while (this.#bytes > this.#maxBytes || this.#items.length > maxItems) {
      this.#items.pop();
      this.#bytes -= this.#sizes.pop()!;
    }
  }
}
