import type { PlacedRecord } from "@hawser/log/broker";

/** The bounds of a {@link RecordWindow}. */
export interface RecordWindowLimits {
  readonly maxCount: number;
  readonly maxBytes: number;
}

/**
 * The newest records of a partition, as they came, for its readers. What nobody has read yet is never left out: when there
 * is too much of it the window is full, and whoever fills it waits.
 */
export class RecordWindow {
  readonly #limits: RecordWindowLimits;
  #records: PlacedRecord[] = [];
  #from: number;
  #bytes = 0;
  #readThrough = 0;

  /** @param from nothing that is at or above it, and below the first record that is added, exists. */
  constructor(from: number, limits: RecordWindowLimits) {
    this.#from = from;
    this.#limits = limits;
  }

  /** The newest record's offset; `undefined` before the first. */
  get last(): number | undefined {
    return this.#records.at(-1)?.offset;
  }

  /** Whether no more records should be added. */
  get isFull(): boolean {
    return this.#records.length >= this.#limits.maxCount || this.#bytes >= this.#limits.maxBytes;
  }

  /** Whether all from `offset` on, up to the newest, is here. */
  covers(offset: number): boolean {
    return offset >= this.#from;
  }

  add(placed: PlacedRecord): void {
    this.#records.push(placed);
    this.#bytes += sizeOf(placed);
    this.#evict();
  }

  /** The oldest at or above `offset`. What lies below the last of them counts as read. */
  read(offset: number, maxCount: number): readonly PlacedRecord[] {
    const first = this.#indexOf(offset);
    const records = this.#records.slice(first, first + maxCount);
    this.#readThrough = Math.max(this.#readThrough, (records.at(-1)?.offset ?? 1) - 1);
    this.#evict();
    return records;
  }

  /** Forgets read records, in big steps, down to half of the limits. */
  #evict(): void {
    if (!this.isFull) return;
    const { maxCount, maxBytes } = this.#limits;
    let evicted = 0;
    let bytes = this.#bytes;
    while (this.#records.length - evicted > maxCount / 2 || bytes > maxBytes / 2) {
      const oldest = this.#records[evicted];
      if (oldest === undefined || oldest.offset > this.#readThrough) break;
      bytes -= sizeOf(oldest);
      evicted += 1;
    }
    if (evicted === 0) return;
    this.#from = (this.#records[evicted - 1]?.offset ?? 0) + 1;
    this.#records = this.#records.slice(evicted);
    this.#bytes = bytes;
  }

  /** Of the first record at or above `offset`. */
  #indexOf(offset: number): number {
    let low = 0;
    let high = this.#records.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#records[middle]?.offset ?? Infinity) < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function sizeOf({ record }: PlacedRecord): number {
  return record.kind === "append" ? record.payload.data.length + overheadBytes : overheadBytes;
}

/** About what a record takes beside its payload. */
const overheadBytes = 500;
