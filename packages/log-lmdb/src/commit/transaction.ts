import { decideAppend } from "@hawser/log";
import type { Append, AppendOutcome } from "@hawser/log";
import { epochOf } from "../channels/channel.ts";
import type { ChannelTable } from "../channels/channel-table.ts";
import type { Limits } from "../limits.ts";
import { logKey } from "../records/keys.ts";
import { encodeLog } from "../records/log-record.ts";
import type { LogState } from "../records/log-record.ts";
import type { StorePort, Write } from "../store/store.ts";
import { ChannelChange } from "./channel-change.ts";
import type { Now } from "./channel-change.ts";
import { ProducerChanges } from "./producer-changes.ts";
import type { ProducerRow } from "./producer-changes.ts";

/** What a transaction starts from. */
export interface TransactionOptions {
  readonly store: StorePort;
  readonly channels: ChannelTable;
  readonly limits: Limits;
  readonly log: LogState;
  /** The epoch of this run. */
  readonly epoch: number;
  readonly now: Now;
  /** Why the disk takes no more: nothing is accepted then, but trimming goes on. */
  readonly noRoom: string | undefined;
}

/** Decides appends and trims one after another, each on what those before it have done, and collects what to write. */
export class Transaction {
  readonly #options: TransactionOptions;
  /** By the name of the channel. */
  readonly #changes = new Map<string, ChannelChange>();
  readonly #producers: ProducerChanges;
  #channels: number;
  #bytes: number;
  #moreToForget = false;

  constructor(options: TransactionOptions) {
    this.#options = options;
    const { store, now, log, limits } = options;
    this.#producers = new ProducerChanges(store, now.moment, log.producers, limits.maxRecentPositions);
    this.#channels = log.channels;
    this.#bytes = log.bytes;
  }

  /** The channels that it changes, or may change. */
  get changes(): IterableIterator<ChannelChange> {
    return this.#changes.values();
  }

  get changed(): boolean {
    return this.#producers.changed || [...this.#changes.values()].some((change) => change.changed);
  }

  /** Whether one of the channels promises what outlives the machine. */
  get flush(): boolean {
    return [...this.#changes.values()].some(({ channel, changed }) => changed && channel.policy.durability === "flush");
  }

  /** More producers than it looked at may be forgotten. */
  get moreToForget(): boolean {
    return this.#moreToForget;
  }

  append(append: Append): AppendOutcome {
    const change = this.#change(append.channel);
    const { producer, sequence, payload } = append;
    const row = producer === "" || change.end === 0 ? undefined : this.#producers.row(change.number, producer);
    const known = row && this.#producers.remembered(row);
    const decision = decideAppend(known, append);
    switch (decision.kind) {
      case "accept":
        return this.#refusal(change, payload.data.byteLength) ?? this.#accept(change, append, row);
      case "duplicate": {
        const offset = known?.recent.offsetOf(sequence) ?? 0;
        const epoch = offset === 0 ? undefined : epochOf(change.lineage, offset);
        return epoch === undefined ? { kind: "duplicate", epoch: 0, offset: 0 } : { kind: "duplicate", epoch, offset };
      }
      default:
        return decision;
    }
  }

  /** Trims at most `limit` entries of a channel; how many they were. */
  trim(name: string, limit: number): number {
    const change = this.#change(name);
    const before = change.bytes;
    const count = change.trim(limit);
    this.#bytes -= before - change.bytes;
    return count;
  }

  /** Whether more of the channel is to be trimmed. */
  mustTrim(name: string): boolean {
    return this.#change(name).mustTrim();
  }

  /** Forgets producers, at most `limit`. */
  forget(limit: number): void {
    this.#moreToForget = this.#producers.forget(this.#options.limits.maxProducers, limit);
  }

  /** The log, once this is committed. */
  log(): LogState {
    const { log, now } = this.#options;
    return {
      runs: log.runs,
      serial: log.serial + 1,
      moment: now.moment,
      channels: this.#channels,
      producers: this.#producers.count,
      bytes: this.#bytes,
    };
  }

  writes(): Write[] {
    const writes: Write[] = [{ key: logKey, value: encodeLog(this.log()) }, ...this.#producers.writes()];
    for (const change of this.#changes.values()) {
      if (change.changed) for (const write of change.writes()) writes.push(write);
    }
    return writes;
  }

  #change(name: string): ChannelChange {
    let change = this.#changes.get(name);
    if (change === undefined) {
      const { channels, store, now } = this.#options;
      change = new ChannelChange(channels.get(name), store, now);
      this.#changes.set(name, change);
    }
    return change;
  }

  #refusal(change: ChannelChange, bytes: number): AppendOutcome | undefined {
    const { limits, noRoom } = this.#options;
    if (noRoom !== undefined) return full(noRoom);
    if (this.#bytes + bytes > limits.maxBytes) return full("the log has reached maxBytes");
    if (change.end === 0 && this.#channels >= limits.maxChannels) return full("the log has reached maxChannels");
    return undefined;
  }

  /** @param known of the append's producer; `undefined` where there is none, and for the channel's first entry. */
  #accept(change: ChannelChange, append: Append, known: ProducerRow | undefined): AppendOutcome {
    const { epoch, limits } = this.#options;
    if (change.end === 0) {
      change.create(this.#channels);
      this.#channels += 1;
    }
    const { producer, sequence } = append;
    const before = change.bytes;
    const offset = change.append(append, epoch, limits.maxLineage);
    this.#bytes += change.bytes - before;
    if (producer !== "") {
      const row = known ?? this.#producers.row(change.number, producer);
      this.#producers.accept(row, sequence, offset, change.channel.policy.deduplicateMs);
    }
    return { kind: "accepted", epoch, offset };
  }
}

function full(message: string): AppendOutcome {
  return { kind: "failed", code: "log-full", message: `${message}; nothing was appended` };
}
