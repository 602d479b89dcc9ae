import type { OutboxItem } from "./outbox-item.ts";
import type { OutboxOptions, Overflow } from "./options.ts";

/** Items, and the bytes of their payloads, within a bound of both. */
class Room {
  readonly items = new Set<OutboxItem>();
  bytes = 0;
  readonly #maxItems: number;
  readonly #maxBytes: number;

  constructor(maxItems: number, maxBytes: number) {
    this.#maxItems = maxItems;
    this.#maxBytes = maxBytes;
  }

  /** Whether the item has room when the `leaving` have left. */
  fits(item: OutboxItem, leaving: readonly OutboxItem[]): boolean {
    const here = leaving.filter((one) => this.items.has(one));
    const bytes = here.reduce((sum, { payload }) => sum - payload.data.length, this.bytes + item.payload.data.length);
    return this.items.size - here.length < this.#maxItems && bytes <= this.#maxBytes;
  }

  add(item: OutboxItem): void {
    this.items.add(item);
    this.bytes += item.payload.data.length;
  }

  delete(item: OutboxItem): void {
    if (this.items.delete(item)) this.bytes -= item.payload.data.length;
  }
}

/**
 * The bounds of the outbox, and what happens at them: who is taken in, who waits in line for room, who has to leave.
 * It keeps no order of a channel but that of the line, which is first come, first served over all channels.
 */
export class Admission {
  /** Those that were taken in. */
  readonly inside: Room;
  /** Those that wait for room, in the order of their turns. */
  readonly line: Room;
  readonly #overflow: Overflow;

  constructor({ maxMessages, maxBytes, maxWaiting, overflow }: OutboxOptions) {
    this.inside = new Room(maxMessages, maxBytes);
    this.line = new Room(maxWaiting, maxBytes);
    this.#overflow = overflow;
  }

  /** All that have no outcome. */
  get size(): number {
    return this.inside.items.size + this.line.items.size;
  }

  /**
   * Takes an item in, or lets it wait in line.
   *
   * @param unsent - What was never sent of the item's channel, the oldest first.
   * @param superseded - Those of them that the item makes needless.
   * @returns those that leave because of it: the superseded first. `undefined`: it has no room, and nothing has changed.
   */
  admit(item: OutboxItem, unsent: Iterable<OutboxItem>, superseded: readonly OutboxItem[]): OutboxItem[] | undefined {
    const leaving = [...superseded];
    const lined = [...this.line.items].filter((one) => !superseded.includes(one));
    // Nobody in line is overtaken for being large: only what is made free for this one is for it alone.
    const hasRoom = (): boolean =>
      (lined.length === 0 || leaving.some((one) => this.inside.items.has(one))) && this.inside.fits(item, leaving);
    const { overflow = this.#overflow } = item;
    // Behind others of its channel that wait, one that would drop the oldest waits as they do.
    if (lined.some(({ channel }) => channel === item.channel))
      return overflow === "reject" ? undefined : this.#queueUp(item, leaving);
    if (overflow === "drop-oldest" && !hasRoom()) {
      for (const one of unsent) {
        if (!superseded.includes(one)) leaving.push(one);
        if (hasRoom()) break;
      }
    }
    if (!hasRoom()) return overflow === "wait" ? this.#queueUp(item, leaving) : undefined;
    this.inside.add(item);
    return leaving;
  }

  /** The item has its outcome. @returns those that had waited and have their place now, in order. */
  leave(item: OutboxItem): OutboxItem[] {
    this.inside.delete(item);
    this.line.delete(item);
    const admitted: OutboxItem[] = [];
    for (const next of this.line.items) {
      if (!this.inside.fits(next, [])) break;
      this.line.delete(next);
      this.inside.add(next);
      next.held -= 1;
      admitted.push(next);
    }
    return admitted;
  }

  #queueUp(item: OutboxItem, leaving: OutboxItem[]): OutboxItem[] | undefined {
    if (!this.line.fits(item, leaving)) return undefined;
    item.held += 1;
    this.line.add(item);
    return leaving;
  }
}
