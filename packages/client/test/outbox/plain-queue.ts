import type { Unsent } from "../../src/outbox/producer-chain.ts";

/** What was never sent, and nothing holds. */
export class PlainQueue<Item> implements Unsent<Item> {
  readonly items: Item[];

  constructor(...items: Item[]) {
    this.items = items;
  }

  get ready(): number {
    return this.items.length;
  }

  shift(): Item | undefined {
    return this.items.shift();
  }
}
