import { RecentPositions } from "@hawser/log";
import { expiriesEnd, expiriesStart, expiryKey, expiryOf, producerKey, producerOf } from "../records/keys.ts";
import { decodeProducer, encodeProducer } from "../records/producer-record.ts";
import type { ProducerState } from "../records/producer-record.ts";
import type { StorePort, Write } from "../store/store.ts";

interface Row {
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
  readonly #rows = new Map<string, Row>();
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
    return this.#expiries.length > 0 || [...this.#rows.values()].some((row) => row.changed);
  }

  /** What is remembered; a producer whose window has passed is not. */
  find(channel: number, producer: string): ProducerState | undefined {
    const { state } = this.#rowOf(channel, producer);
    return state !== undefined && this.#moment < state.until ? state : undefined;
  }

  accept(channel: number, producer: string, sequence: number, offset: number, deduplicateMs: number): void {
    const row = this.#rowOf(channel, producer);
    if (row.state === undefined) this.#count += 1;
    const remembered = row.state !== undefined && this.#moment < row.state.until ? row.state : undefined;
    const recent = remembered?.recent ?? new RecentPositions(this.#maxRecentPositions);
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
      const row = this.#row(idOf(producer), producer);
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
    for (const { key, state, indexed, changed } of this.#rows.values()) {
      if (!changed) continue;
      writes.push({ key, value: state === undefined ? undefined : encodeProducer(state) });
      if (state !== undefined && !indexed) writes.push({ key: expiryKey(state.until, key), value: mark });
    }
    return writes;
  }

  #rowOf(channel: number, producer: string): Row {
    const id = `${channel}/${producer}`;
    return this.#rows.get(id) ?? this.#row(id, producerKey(channel, producer));
  }

  #row(id: string, key: Uint8Array): Row {
    let row = this.#rows.get(id);
    if (row === undefined) {
      const record = this.#store.get(key);
      const state = record === undefined ? undefined : decodeProducer(record, this.#maxRecentPositions);
      row = { key, state, indexed: state !== undefined, changed: false };
      this.#rows.set(id, row);
    }
    return row;
  }
}

/** The same for a key as for the channel and producer that it was made of. */
function idOf(key: Uint8Array): string {
  const { channel, producer } = producerOf(key);
  return `${channel}/${producer}`;
}

/** LMDB has no empty values. */
const mark = Uint8Array.of(1);
