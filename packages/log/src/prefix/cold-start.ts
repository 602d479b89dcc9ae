import { AcceptedPrefix } from "./accepted-prefix.ts";
import type { AcceptedPrefixOptions } from "./accepted-prefix.ts";
import type { CheckpointRecord, PlacedRecord } from "./log-record.ts";

/** The offset of a log's first record, when nothing was trimmed yet. */
export const firstOffset = 1;

/** Options of a {@link ColdStart}. */
export interface ColdStartOptions {
  readonly prefix: AcceptedPrefixOptions;
  /** Records that are held at most while no checkpoint has come; past it the older half is let go. */
  readonly maxHeld: number;
}

/** A state to go on from. */
export interface WarmStart {
  readonly prefix: AcceptedPrefix;
  /** Of the channels that the state knows, the end: what lies at or below it was not read. */
  readonly ends: ReadonlyMap<string, number>;
  /** Records that were read already and come next, in order. */
  readonly next: readonly PlacedRecord[];
}

/**
 * Finds the state to start from, for a reader that begins at the oldest record that is left: the empty state if nothing
 * was trimmed, else the first checkpoint whose own last record is still there, which proves that nothing between was
 * trimmed and that it was written on this branch of the log; or a beginning anew.
 */
export class ColdStart {
  readonly #options: ColdStartOptions;
  #held: PlacedRecord[] = [];
  #oldest = 0;
  #stateAt = 0;

  constructor(options: ColdStartOptions) {
    this.#options = options;
  }

  /** @param oldest the oldest offset that the log has left. Returns the empty state if that is its first. */
  begin(oldest: number): WarmStart | undefined {
    this.#held = [];
    this.#oldest = oldest;
    if (oldest !== firstOffset) return undefined;
    return { prefix: new AcceptedPrefix(this.#options.prefix), ends: new Map(), next: [] };
  }

  /** Takes the next record; returns the state once it is found. */
  take(placed: PlacedRecord): WarmStart | undefined {
    const { offset, record } = placed;
    const stateAt = this.#stateAt;
    if (record.kind === "begin" || record.kind === "checkpoint") this.#stateAt = offset;
    // Whether a beginning counts is known only to those who have read all that its writer had not.
    const isDecided = record.kind === "begin" && this.#oldest <= record.seen + 1;
    if (isDecided && record.after === "unknown" && stateAt <= record.seen) {
      return { prefix: new AcceptedPrefix(this.#options.prefix), ends: new Map(), next: [placed] };
    }
    this.#held.push(placed);
    if (record.kind === "checkpoint") return this.#from(record);
    if (this.#held.length > this.#options.maxHeld) this.#held = this.#held.slice(this.#held.length >> 1);
    return undefined;
  }

  #from(checkpoint: CheckpointRecord): WarmStart | undefined {
    const at = this.#held.findLastIndex(({ offset }) => offset === checkpoint.through);
    if (at < 0 || this.#held[at]?.record.id !== checkpoint.throughId) return undefined;
    const { snapshot } = checkpoint;
    return {
      prefix: AcceptedPrefix.restore(snapshot, this.#options.prefix),
      ends: new Map(snapshot.channels.map(({ channel, end }) => [channel, end])),
      next: this.#held.slice(at + 1),
    };
  }
}
