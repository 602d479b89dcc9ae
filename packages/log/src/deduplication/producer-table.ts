import { RecentPositions } from "./recent-positions.ts";
import type { RecentPosition } from "./recent-positions.ts";

/** What is remembered of one producer in one channel. */
export interface ProducerState {
  readonly producer: string;
  /** The sequence that was accepted last. */
  readonly last: number;
  /** The moment from which on it is forgotten, on the clock that the table's owner uses. */
  readonly until: number;
  /** Positions of the newest accepted sequences, oldest first. */
  readonly recent: readonly RecentPosition[];
}

/** Options of a {@link ProducerTable}. */
export interface ProducerTableOptions {
  /** How long a producer is remembered after its last accepted append, in milliseconds, unless `accept` says otherwise. */
  readonly deduplicateMs: number;
  /** Producers that are remembered at most; past it the one that was quiet longest is forgotten. */
  readonly maxProducers: number;
  /** Positions that are remembered per producer at most. */
  readonly maxRecentPositions: number;
}

interface Row {
  last: number;
  until: number;
  readonly recent: RecentPositions;
}

/**
 * The producers of one channel: who appended last what, and when. Forgets by its own window and bound, never because
 * the channel was trimmed. Time is an argument and must not fall between calls; forgetting is amortised over the
 * appends, and may be driven by {@link ProducerTable.expire}.
 */
export class ProducerTable {
  readonly #options: ProducerTableOptions;
  /** In the order of the last accepted append: the first one has been quiet longest. */
  readonly #rows = new Map<string, Row>();
  #newest = "";

  constructor(options: ProducerTableOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#rows.size;
  }

  /** What is remembered of a producer at `now`; what the window has passed counts as forgotten. */
  find(producer: string, now: number): { readonly last: number } | undefined {
    const row = this.#rows.get(producer);
    return row === undefined || this.#isExpired(row, now) ? undefined : row;
  }

  /** Where a sequence of this producer was accepted, when that is still known. */
  offsetOf(producer: string, sequence: number): number | undefined {
    return this.#rows.get(producer)?.recent.offsetOf(sequence);
  }

  /**
   * Takes note of an accepted append.
   *
   * @param deduplicateMs the window from now on; default: that of the options.
   */
  accept(
    producer: string,
    sequence: number,
    offset: number,
    now: number,
    deduplicateMs: number = this.#options.deduplicateMs,
  ): void {
    this.expire(now, 2);
    let row = this.#rows.get(producer);
    if (row !== undefined && this.#isExpired(row, now)) {
      this.#rows.delete(producer);
      row = undefined;
    }
    if (row === undefined) {
      row = { last: sequence, until: now, recent: new RecentPositions(this.#options.maxRecentPositions) };
      this.#rows.set(producer, row);
      if (this.#rows.size > this.#options.maxProducers) this.#forgetOldest();
    } else if (this.#newest !== producer) {
      this.#rows.delete(producer);
      this.#rows.set(producer, row);
    }
    this.#newest = producer;
    row.last = sequence;
    row.until = now + deduplicateMs;
    row.recent.add(sequence, offset);
  }

  /** Forgets at most `limit` producers whose window has passed. Returns whether more may wait. */
  expire(now: number, limit: number): boolean {
    for (let step = 0; step < limit; step += 1) {
      const oldest = this.#rows.entries().next();
      if (oldest.done === true || !this.#isExpired(oldest.value[1], now)) return false;
      this.#rows.delete(oldest.value[0]);
    }
    return true;
  }

  /** When the next producer is to be forgotten; `undefined` when there is none. */
  nextExpiry(): number | undefined {
    const oldest = this.#rows.values().next();
    return oldest.done === true ? undefined : oldest.value.until;
  }

  /**
   * All that is remembered at `now`, the one that was quiet longest first: what a checkpoint keeps. Only those before all
   * that are remembered are left out when their window has passed: they are the first to be forgotten anyway.
   */
  toArray(now = -Infinity): ProducerState[] {
    const states: ProducerState[] = [];
    for (const [producer, row] of this.#rows) {
      if (states.length === 0 && this.#isExpired(row, now)) continue;
      states.push({ producer, last: row.last, until: row.until, recent: row.recent.toArray() });
    }
    return states;
  }

  /** Takes up what `toArray` gave, in place of all that the table had. */
  restore(states: readonly ProducerState[]): void {
    this.#rows.clear();
    this.#newest = "";
    for (const state of states) {
      const recent = new RecentPositions(this.#options.maxRecentPositions);
      for (const { sequence, offset } of state.recent) recent.add(sequence, offset);
      this.#rows.set(state.producer, { last: state.last, until: state.until, recent });
      this.#newest = state.producer;
    }
  }

  #isExpired(row: Row, now: number): boolean {
    return now >= row.until;
  }

  #forgetOldest(): void {
    const oldest = this.#rows.keys().next();
    if (oldest.done !== true) this.#rows.delete(oldest.value);
  }
}
