import type { Unsent } from "./producer-chain.ts";

/** Something that is sent when nothing holds it. */
export interface Holdable {
  /** How many things it still waits for: its schema, room in the outbox. */
  readonly held: number;
}

/**
 * What was never sent of one channel, in the order of publishing. What is held holds what is behind it, so that the
 * order is kept; whatever leaves from the middle leaves the order of the others as it is.
 */
export class UnsentQueue<Item extends Holdable> implements Unsent<Item>, Iterable<Item> {
  readonly #items: Item[] = [];
  /** How many from the first on are not held. */
  #ready = 0;

  get size(): number {
    return this.#items.length;
  }

  /** How many may be sent now, one after the other. */
  get ready(): number {
    return this.#ready;
  }

  /** The one to send next. */
  get head(): Item | undefined {
    return this.#ready > 0 ? this.#items[0] : undefined;
  }

  /** Puts an item behind the others. */
  add(item: Item): void {
    this.#items.push(item);
    this.refresh();
  }

  /** An item is held by less than before. */
  refresh(): void {
    while (this.#items[this.#ready]?.held === 0) this.#ready += 1;
  }

  /** Takes the one out that is to be sent. */
  shift(): Item | undefined {
    const item = this.head;
    if (item !== undefined) this.remove(item);
    return item;
  }

  /** @returns whether it was there. */
  remove(item: Item): boolean {
    const index = this.#items.indexOf(item);
    if (index < 0) return false;
    this.#items.splice(index, 1);
    if (index < this.#ready) this.#ready -= 1;
    else this.refresh();
    return true;
  }

  /** Those ahead of an item; none when it is not there. */
  ahead(item: Item): Item[] {
    return this.#items.slice(0, Math.max(0, this.#items.indexOf(item)));
  }

  /** Takes all out. */
  clear(): Item[] {
    this.#ready = 0;
    return this.#items.splice(0);
  }

  [Symbol.iterator](): Iterator<Item> {
    return this.#items[Symbol.iterator]();
  }
}
