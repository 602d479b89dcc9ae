import { decideAppend } from "../deduplication/decide-append.ts";
import { ProducerTable } from "../deduplication/producer-table.ts";
import type { EpochStart } from "../log.ts";
import type { AppendRecord, BeginRecord, EpochRecord, PlacedRecord, PrefixSnapshot } from "./log-record.ts";

/** Limits that are part of the rule: all nodes of a log must have the same. */
export interface AcceptedPrefixOptions {
  /** Channels that have an entry. Past it, an append to a new one is `full`. */
  readonly maxChannels: number;
  /** Producers that are remembered per channel; past it the one quiet longest is forgotten. */
  readonly maxProducersPerChannel: number;
  /** Positions that are remembered per producer and channel. */
  readonly maxRecentPositions: number;
  /** Epochs that are remembered; past it the oldest is forgotten, and positions of it are unknown. */
  readonly maxLineage: number;
}

/** What the prefix says about a record. */
export type Verdict =
  | { readonly kind: "accepted"; readonly epoch: number; readonly offset: number }
  | { readonly kind: "duplicate"; readonly epoch: number; readonly offset: number }
  | { readonly kind: "out-of-order"; readonly last: number }
  | { readonly kind: "producer-unknown" }
  /** Not appended: `maxChannels` is reached. */
  | { readonly kind: "full" }
  /** Written for another epoch: it does not count and never will, and may be sent again. */
  | { readonly kind: "stale" }
  /** A new epoch. `anew`: and nothing of what came before is known any more. */
  | { readonly kind: "epoch"; readonly anew: boolean }
  /** A record that changes nothing. */
  | { readonly kind: "none" };

interface Channel {
  end: number;
  readonly producers: ProducerTable;
}

const stale: Verdict = { kind: "stale" };
const none: Verdict = { kind: "none" };

/**
 * Which records of a log count: a function of the records that came before and of nothing else, so that every node that
 * reads the log decides alike, warm or from a checkpoint. Time is the log's: the highest time that a record had so far.
 */
export class AcceptedPrefix {
  readonly #options: AcceptedPrefixOptions;
  readonly #channels = new Map<string, Channel>();
  #logTime = 0;
  #stateAt = 0;
  #epoch = 0;
  #lineage: readonly EpochStart[] = [];

  constructor(options: AcceptedPrefixOptions) {
    this.#options = options;
  }

  /** The state that `snapshot` gave. */
  static restore(snapshot: PrefixSnapshot, options: AcceptedPrefixOptions): AcceptedPrefix {
    const prefix = new AcceptedPrefix(options);
    prefix.#logTime = snapshot.logTime;
    prefix.#stateAt = snapshot.stateAt;
    prefix.#epoch = snapshot.epoch;
    prefix.#lineage = snapshot.lineage;
    for (const { channel, end, producers } of snapshot.channels) {
      const table = prefix.#newTable();
      table.restore(producers);
      prefix.#channels.set(channel, { end, producers: table });
    }
    return prefix;
  }

  /** 0 as long as the log has not begun. */
  get epoch(): number {
    return this.#epoch;
  }

  /** The epochs with the offsets of the whole log at which they began. */
  get lineage(): readonly EpochStart[] {
    return this.#lineage;
  }

  /** Takes the next record and says whether it counts. */
  apply({ offset, time, record }: PlacedRecord): Verdict {
    this.#logTime = Math.max(this.#logTime, time);
    switch (record.kind) {
      case "append":
        return this.#append(record, offset);
      case "begin":
        return this.#begin(record, offset);
      case "epoch":
        return this.#newEpoch(record, offset);
      case "checkpoint":
        this.#stateAt = offset;
        return none;
      default:
        return none;
    }
  }

  /** The state as plain data, for a checkpoint. */
  snapshot(): PrefixSnapshot {
    return {
      logTime: this.#logTime,
      stateAt: this.#stateAt,
      epoch: this.#epoch,
      lineage: this.#lineage,
      channels: Array.from(this.#channels, ([channel, { end, producers }]) => ({
        channel,
        end,
        producers: producers.toArray(),
      })),
    };
  }

  #append(record: AppendRecord, offset: number): Verdict {
    if (record.epoch !== this.#epoch || this.#epoch === 0) return stale;
    const known = this.#channels.get(record.channel);
    const decision = decideAppend(known?.producers.find(record.producer, this.#logTime), record);
    if (decision.kind === "duplicate") {
      const at = known?.producers.offsetOf(record.producer, record.sequence);
      return at === undefined
        ? { kind: "duplicate", epoch: 0, offset: 0 }
        : { kind: "duplicate", epoch: this.#epoch, offset: at };
    }
    if (decision.kind !== "accept") return decision;
    if (known === undefined && this.#channels.size >= this.#options.maxChannels) return { kind: "full" };
    const channel = known ?? { end: 0, producers: this.#newTable() };
    if (known === undefined) this.#channels.set(record.channel, channel);
    channel.end = offset;
    if (record.producer !== "") {
      channel.producers.accept(record.producer, record.sequence, offset, this.#logTime, record.deduplicateMs);
    }
    return { kind: "accepted", epoch: this.#epoch, offset };
  }

  #begin(record: BeginRecord, offset: number): Verdict {
    const counts = record.after === "nothing" ? this.#epoch === 0 : this.#stateAt <= record.seen;
    this.#stateAt = offset;
    if (!counts) return none;
    this.#channels.clear();
    this.#epoch = record.epoch;
    this.#lineage = [{ epoch: record.epoch, start: offset }];
    return { kind: "epoch", anew: true };
  }

  #newEpoch(record: EpochRecord, offset: number): Verdict {
    if (this.#epoch === 0 || record.above !== this.#epoch || record.epoch <= this.#epoch || record.start >= offset) {
      return none;
    }
    this.#epoch = record.epoch;
    // The log may have gone back behind where epochs before this one began: a position of theirs is good up to here.
    const before = this.#lineage.map(({ epoch, start }) => ({ epoch, start: Math.min(start, record.start) }));
    this.#lineage = [...before, { epoch: record.epoch, start: record.start }].slice(-this.#options.maxLineage);
    return { kind: "epoch", anew: false };
  }

  #newTable(): ProducerTable {
    return new ProducerTable({
      // Every record brings its window.
      deduplicateMs: 0,
      maxProducers: this.#options.maxProducersPerChannel,
      maxRecentPositions: this.#options.maxRecentPositions,
    });
  }
}
