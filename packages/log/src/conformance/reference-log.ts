import type { Append, AppendOutcome } from "../log.ts";
import { check, checkEqual } from "./check.ts";
import { decodeText } from "./text.ts";

/** An entry of the model: where the log says that it stands, and its text. */
export interface ReferenceEntry {
  readonly offset: number;
  readonly text: string;
}

interface Producer {
  last: number;
  readonly offsets: Map<number, number>;
}

/**
 * What PUB-1 to PUB-4 say, written as they read, for any number of channels and without bounds. It takes offsets from the
 * log's own outcomes, so that logs with holes fit.
 */
export class ReferenceLog {
  readonly #entries = new Map<string, ReferenceEntry[]>();
  readonly #producers = new Map<string, Producer>();

  entriesOf(channel: string): readonly ReferenceEntry[] {
    return this.#entries.get(channel) ?? [];
  }

  /** The last accepted sequence; 0 for none. */
  lastOf(channel: string, producer: string): number {
    return this.#producers.get(`${channel} ${producer}`)?.last ?? 0;
  }

  /** Fails unless this is the outcome that the append must have; then takes it up. */
  check(append: Append, outcome: AppendOutcome): void {
    const { channel, producer, sequence, previous } = append;
    const what = `${channel} ${producer} ${sequence} (previous ${previous})`;
    if (producer === "") {
      this.#accept(append, outcome, what);
      return;
    }
    const known = this.#producers.get(`${channel} ${producer}`);
    const last = known?.last ?? 0;
    if (previous === last && sequence > last) {
      const offset = this.#accept(append, outcome, what);
      const state = known ?? { last: 0, offsets: new Map<number, number>() };
      state.last = sequence;
      state.offsets.set(sequence, offset);
      this.#producers.set(`${channel} ${producer}`, state);
    } else if (known === undefined) {
      checkEqual(outcome, { kind: "producer-unknown" }, what);
    } else if (sequence <= last) {
      check(outcome.kind === "duplicate", `${what} is a duplicate, not ${outcome.kind}`);
      check(
        outcome.offset === 0 || outcome.offset === known.offsets.get(sequence),
        `${what} has its own position or none`,
      );
    } else {
      checkEqual(outcome, { kind: "out-of-order", last }, what);
    }
  }

  #accept(append: Append, outcome: AppendOutcome, what: string): number {
    check(outcome.kind === "accepted", `${what} is accepted, not ${outcome.kind}`);
    const entries = this.#entries.get(append.channel) ?? [];
    check(outcome.offset > (entries.at(-1)?.offset ?? 0), `${what} stands behind the one before`);
    entries.push({ offset: outcome.offset, text: decodeText(append.payload.data) });
    this.#entries.set(append.channel, entries);
    return outcome.offset;
  }
}
