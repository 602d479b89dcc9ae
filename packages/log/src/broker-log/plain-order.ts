import type { Append } from "../log.ts";

/**
 * Numbers the appends of this node that have no producer, so that a copy of one is known by the rule like any other: the
 * node itself is their producer. Sequences rise over all channels; what each names as `previous` is only a guess, which
 * is put right when the log says otherwise, since nobody but the node stands by it.
 */
export class PlainOrder {
  readonly #producer: string;
  readonly #maxChannels: number;
  #sequence = 0;
  /** By channel, the sequence given last; the channel that was quiet longest first. */
  readonly #last = new Map<string, number>();

  /**
   * @param producer a name that no client's producer has, and no other node.
   * @param maxChannels of which the last sequence is remembered; of another one the log has to say it, which takes a record.
   */
  constructor(producer: string, maxChannels: number) {
    this.#producer = producer;
    this.#maxChannels = maxChannels;
  }

  /** Whether an append was numbered here. */
  has({ producer }: Append): boolean {
    return producer === this.#producer;
  }

  /** The next append of its channel, with its number. */
  number(append: Append): Append {
    const { channel } = append;
    const previous = this.#last.get(channel) ?? 0;
    this.#sequence += 1;
    this.#last.delete(channel);
    this.#last.set(channel, this.#sequence);
    if (this.#last.size > this.#maxChannels) this.#forgetOldest();
    return { ...append, producer: this.#producer, sequence: this.#sequence, previous };
  }

  #forgetOldest(): void {
    const oldest = this.#last.keys().next();
    if (oldest.done !== true) this.#last.delete(oldest.value);
  }
}
