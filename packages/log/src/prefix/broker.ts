import type { LogRecord, PlacedRecord } from "./log-record.ts";

/** What a read of a broker's partition gives. */
export interface Fetched {
  /** The oldest ones at or above the offset that was asked for. */
  readonly records: readonly PlacedRecord[];
  /** The oldest offset that is left: what lies below it was trimmed. One past the newest if nothing is left. */
  readonly start: number;
  /** Offset of the newest record; `start - 1` if there is none. */
  readonly end: number;
}

/** One node's connection to one partition of a broker: ordered, and that is all that it promises. */
export interface Broker {
  /**
   * Asks for records to be appended, in order. It resolves when the broker said so and rejects when it did not; neither
   * tells whether, when, or how often they are appended. Only reading does.
   */
  produce(records: readonly LogRecord[]): Promise<void>;
  /** Reads from `offset` on (with it). Rejects when the broker does not answer. */
  fetch(offset: number, maxCount: number): Promise<Fetched>;
}
