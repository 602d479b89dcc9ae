import type { Clock, Random, Timers } from "@hawser/protocol";
import type { Durability } from "../log.ts";
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

/**
 * One node's connection to one partition of a broker: ordered, and that is all that it promises.
 *
 * Traps: offsets begin at 1 (an adapter whose native ones begin at 0 adds one). A record that is no record of ours is
 * given as one of kind `foreign`, and never left out, so that nobody takes it for a loss. The reader asks again for
 * the record that it had last: an answer out of a running consumer's buffer is right only as long as that consumer
 * would notice that the log went back; after a connection was lost it must come from the broker.
 */
export interface Broker {
  /**
   * Asks for records to be appended, in order. It resolves when the broker said so and rejects when it did not; neither
   * tells whether, when, or how often they are appended. Only reading does.
   */
  produce(records: readonly LogRecord[]): Promise<void>;
  /**
   * Reads from `offset` on (with it), any offset that is left, and several at a time. Rejects when the broker does not
   * answer.
   *
   * @param waitMs when the newest record is the one at `offset`, it may wait as long for something to come; an answer that
   *   brings nothing before that is no error, only costs. 0: it answers at once, although a fetch that waits is under way.
   *   When the log's end lies below `offset` it went back: it answers with what there is (`start`, `end`, no records).
   */
  fetch(offset: number, maxCount: number, waitMs: number): Promise<Fetched>;
}

/** The ports of a {@link BrokerSource}. */
export interface BrokerPorts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
}

/** What an adapter gives to `brokerLog`: a broker that can be connected to, with one or more partitions. */
export interface BrokerSource {
  /** For the capabilities and for errors, "kafka". */
  readonly name: string;
  /** What an append outlives once it was acknowledged, as the broker is configured to be used. */
  readonly durabilities: readonly Durability[];
  /** The largest record's payload that the broker takes, in bytes. */
  readonly maxPayloadBytes: number;
  /**
   * Connects and makes what is missing. The number of partitions is that of the broker and does not change while it is
   * open; it reconnects by itself.
   *
   * @throws HawserError `log-unavailable` when the broker does not answer, `log-foreign` when what is there is not ours.
   */
  open(ports: BrokerPorts): Promise<readonly Broker[]>;
  /** Ends connections; requests under way reject. */
  close(): Promise<void>;
}
