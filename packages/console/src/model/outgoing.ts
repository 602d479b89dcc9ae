/** What is known of a message that this page sends. */
export type OutgoingState =
  /** Not on its way yet: there is no connection, or others are ahead of it. */
  | { readonly kind: "queued" }
  /** On its way; the server has not answered. */
  | { readonly kind: "sent" }
  /** It is in the log. `offset` is `undefined` when the log no longer knew where. */
  | { readonly kind: "accepted"; readonly offset: number | undefined }
  /** It is not in the log. */
  | { readonly kind: "rejected"; readonly reason: string }
  /** It was sent, and whether it is in the log is not known. */
  | { readonly kind: "unknown"; readonly reason: string };

/** A message of one's own, from the moment it was written. */
export interface Outgoing {
  /** Of this page, rising. */
  readonly id: number;
  readonly text: string;
  readonly writtenAt: number;
  readonly state: OutgoingState;
}

/**
 * The messages that this page sends to one room, in the order in which they were written. A message leaves when it is
 * seen in the timeline; one that failed stays until its writer tries again or drops it.
 */
export class OutgoingMessages {
  #messages: Outgoing[] = [];
  /** Offsets of messages that this page sent and that were accepted. */
  readonly #accepted = new Set<number>();

  get all(): readonly Outgoing[] {
    return this.#messages;
  }

  /** How many have no outcome yet. */
  get open(): number {
    return this.#messages.filter(({ state }) => state.kind === "queued" || state.kind === "sent").length;
  }

  /** Whether the message at this offset was sent from this page. */
  accepted(offset: number): boolean {
    return this.#accepted.has(offset);
  }

  add(id: number, text: string, writtenAt: number): void {
    this.#messages.push({ id, text, writtenAt, state: { kind: "queued" } });
  }

  update(id: number, state: OutgoingState): void {
    if (state.kind === "accepted" && state.offset !== undefined) this.#accepted.add(state.offset);
    this.#messages = this.#messages.map((message) => (message.id === id ? { ...message, state } : message));
  }

  /** Takes a message away: the writer dropped it, or will send it anew. */
  remove(id: number): Outgoing | undefined {
    const found = this.#messages.find((message) => message.id === id);
    this.#messages = this.#messages.filter((message) => message.id !== id);
    return found;
  }

  /** Lets go what has arrived. `has` tells whether the timeline holds an offset. */
  settle(has: (offset: number) => boolean): void {
    this.#messages = this.#messages.filter(
      ({ state }) => state.kind !== "accepted" || (state.offset !== undefined && !has(state.offset)),
    );
  }

  /**
   * What is to be shown below the timeline. The stream may bring a message before the answer to its publish: the
   * newest messages of one's own there, whose publish is still open, stand for the oldest open ones with the same
   * text, so that nothing is shown twice. The answer's position has the last word.
   *
   * @param arrived texts of one's own newest messages in the timeline that no answer has named yet, oldest first.
   */
  visible(arrived: readonly string[]): readonly Outgoing[] {
    const left = [...arrived];
    return this.#messages.filter((message) => {
      if (message.state.kind !== "sent") return true;
      const index = left.indexOf(message.text);
      if (index === -1) return true;
      left.splice(0, index + 1);
      return false;
    });
  }
}
