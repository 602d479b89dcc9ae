import type { AppendOutcome } from "@hawser/log";
import { numbered } from "@hawser/log/conformance";
import type { Node } from "./cluster.ts";

/**
 * A client's outbox in the plainest way: it keeps up to `ahead` publishes under way, over any node, and sends what was not
 * answered again, in order and as it was (PUB-9, PUB-11).
 */
export class Publisher {
  readonly producer: string;
  /** Positions that the log has named, by sequence. */
  readonly accepted = new Map<number, { readonly epoch: number; readonly offset: number }>();
  readonly others: AppendOutcome["kind"][] = [];
  readonly #channel: string;

  constructor(channel: string, producer: string) {
    this.#channel = channel;
    this.producer = producer;
  }

  /** Publishes the sequences `first` to `last`, in batches of `ahead`, each batch over the node that `pick` gives. */
  async publish(first: number, last: number, ahead: number, pick: () => Node): Promise<void> {
    for (let next = first; next <= last;) {
      const count = Math.min(ahead, last - next + 1);
      const appends = Array.from({ length: count }, (_, step) => numbered(this.#channel, this.producer, next + step));
      const outcomes = await pick().log.append(appends);
      for (const [step, outcome] of outcomes.entries()) {
        if (outcome.kind === "accepted" || outcome.kind === "duplicate") {
          if (outcome.kind === "accepted") this.accepted.set(next + step, outcome);
        } else {
          this.others.push(outcome.kind);
        }
      }
      const open = outcomes.findIndex((outcome) => outcome.kind !== "accepted" && outcome.kind !== "duplicate");
      const reason = outcomes[open];
      if (reason === undefined) next += count;
      // The log took back what it had accepted: it is published again from there.
      else if (reason.kind === "out-of-order") next = reason.last + 1;
      else if (reason.kind === "producer-unknown") next = 1;
      else next += open;
    }
  }
}
