/** What went wrong, over messages or sessions. */
export interface Faults {
  lost: number;
  doubled: number;
  disordered: number;
}

/**
 * Checks what a subscriber receives: each publisher numbers its messages from 0, so each number has to come once, behind
 * the one before it.
 */
export class OrderCheck {
  readonly #publishers = new Map<number, { readonly seen: Set<number>; highest: number }>();
  #received = 0;
  #doubled = 0;
  #disordered = 0;

  /** Messages that came, each counted once. */
  get received(): number {
    return this.#received;
  }

  receive(publisher: number, number: number): void {
    let from = this.#publishers.get(publisher);
    if (from === undefined) this.#publishers.set(publisher, (from = { seen: new Set(), highest: -1 }));
    if (from.seen.has(number)) {
      this.#doubled += 1;
      return;
    }
    if (number < from.highest) this.#disordered += 1;
    from.seen.add(number);
    from.highest = Math.max(from.highest, number);
    this.#received += 1;
  }

  /** @param published - How many messages each publisher of the channel has published. */
  faults(published: ReadonlyMap<number, number>): Faults {
    let lost = 0;
    for (const [publisher, count] of published) {
      const seen = this.#publishers.get(publisher)?.seen;
      for (let number = 0; number < count; number += 1) if (seen?.has(number) !== true) lost += 1;
    }
    return { lost, doubled: this.#doubled, disordered: this.#disordered };
  }
}
