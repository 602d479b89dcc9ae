import { RecentPositions } from "@hawser/log";
import { expiriesEnd, expiriesStart, expiryKey, expiryOf, producerKey, producerOf } from "../records/keys.ts";
import { decodeProducer, encodeProducer } from "../records/producer-record.ts";
import type { ProducerState } from "../records/producer-record.ts";
import type { StorePort, Write } from "../store/store.ts";

/** One producer of one channel, as the transaction sees it. */
export interface ProducerRow {
  readonly key: Uint8Array;
  state: ProducerState | undefined;
  /** It has a row in the index of expiries. */
  indexed: boolean;
  changed: boolean;
}

/**
 * What one transaction does to what is remembered of producers. Each has one row in the index of expiries, which is not
 * moved by every append: when its moment comes, the producer is looked up, and the row put where it belongs by then.
 */
export class ProducerChanges {
  readonly #store: StorePort;
  readonly #moment: number;
  readonly #maxRecentPositions: number;
  /** By channel, then by producer: no string is made for each append. */
  readonly #rows = new Map<number, Map<string, ProducerRow>>();
  readonly #expiries: Write[] = [];
  #count: number;

  /** @param count producers in the store. */
  constructor(store: StorePort, moment: number, count: number, maxRecentPositions: number) {
    this.#store = store;
    this.#moment = moment;
    this.#count = count;
    this.#maxRecentPositions = maxRecentPositions;
  }

  /** Producers, with the changes so far. */
  get count(): number {
    return this.#count;
  }

  get changed(): boolean {
    if (this.#expiries.length > 0) return true;
    for (const row of this.#all()) if (row.changed) return true;
    return false;
  }

  /** What is known of a producer; to be asked in each transaction anew. */
  row(channel: number, producer: string): ProducerRow {
    return this.#rows.get(channel)?.get(producer) ?? this.#load(channel, producer, producerKey(channel, producer));
  }

  /** What is remembered; a producer whose window has passed is not. */
  remembered({ state }: ProducerRow): ProducerState | undefined {
    return state !== undefined && this.#moment < state.until ? state : undefined;
  }

  accept(row: ProducerRow, sequence: number, offset: number, deduplicateMs: number): void {
    if (row.state === undefined) this.#count += 1;
    const recent = this.remembered(row)?.recent ?? new RecentPositions(this.#maxRecentPositions);
    recent.add(sequence, offset);
    row.state = { last: sequence, until: this.#moment + deduplicateMs, recent };
    row.changed = true;
  }

  /**
   * Forgets what is due, and, while there are more than `maxCount`, those that are due next. Looks at `limit` at most; whether
   * more may wait.
   */
  forget(maxCount: number, limit: number): boolean {
    const rows = this.#store.rows(expiriesStart, expiriesEnd, limit);
    for (const { key } of rows) {
      const { moment, producer } = expiryOf(key);
      const surplus = this.#count > maxCount;
      if (moment > this.#moment && !surplus) return false;
      const { channel, producer: name } = producerOf(producer);
      const row = this.#rows.get(channel)?.get(name) ?? this.#load(channel, name, producer);
      const due =
        row.state !== undefined && (row.state.until <= this.#moment || (surplus && row.state.until <= moment));
      if (due) {
        row.state = undefined;
        row.changed = true;
        this.#count -= 1;
      }
      this.#expiries.push({ key, value: undefined });
      row.indexed = false;
      row.changed = true;
    }
    return rows.length === limit;
  }

  writes(): Write[] {
    const writes = [...this.#expiries];
    for (const { key, state, indexed, changed } of this.#all()) {
      if (!changed) continue;
      writes.push({ key, value: state === undefined ? undefined : encodeProducer(state) });
      if (state !== undefined && !indexed) writes.push({ key: expiryKey(state.until, key), value: mark });
    }
    return writes;
  }

  *#all(): Iterable<ProducerRow> {
    for (const rows of this.#rows.values()) yield* rows.values();
  }

  #load(channel: number, producer: string, key: Uint8Array): ProducerRow {
    const record = this.#store.get(key);
    const state = record === undefined ? undefined : decodeProducer(record, this.#maxRecentPositions);
    const row: ProducerRow = { key, state, indexed: state !== undefined, changed: false };
    let rows = this.#rows.get(channel);
    if (rows === undefined) this.#rows.set(channel, (rows = new Map()));
    rows.set(producer, row);
    return row;
  }
}

/** LMDB has no empty values. */
const mark = Uint8Array.of(1);
