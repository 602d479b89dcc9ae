import type { Append, AppendOutcome, LogOpenOptions } from "../log.ts";
import { PendingAppends } from "../broker-log/pending-appends.ts";
import { PlainOrder } from "../broker-log/plain-order.ts";
import type { BrokerLogSettings } from "../broker-log/broker-log-options.ts";
import { decideAppend } from "../deduplication/decide-append.ts";
import type { Verdict } from "../prefix/accepted-prefix.ts";
import type { MarkedRecord } from "./mark-headers.ts";
import type { BoundWriter } from "./topic-binding.ts";

/** What is read of a partition that is written, and what follows from that. */
export interface MarkedPartition {
  /** Whether all was passed that has to be known before anything is written, and the broker answers. */
  readonly isCurrent: boolean;
  /** All up to here was passed. */
  readonly through: number;
  /** Identity of the record there; "" where it is not known. */
  readonly throughId: string;
  /** The sequence of a producer that counted last; 0: none, or it is not remembered. */
  lastOf(channel: string, producer: string): number;
  /** Resolves when all was passed that the partition had when this was called. Rejects with `log-unavailable`. */
  caughtUp(): Promise<void>;
}

/** Options of {@link TopicAppends}. */
export interface TopicAppendsOptions {
  readonly writer: BoundWriter;
  readonly partition: MarkedPartition;
  readonly settings: Required<BrokerLogSettings>;
  readonly open: LogOpenOptions;
  /** Makes an identity that is unique among all nodes, and holds no ".". */
  readonly nextId: () => string;
}

/**
 * What this node appends to one partition of a topic of others. As few records as may be are written that do not count, since other
 * programs read them: what is known to be refused is not written at all.
 */
export class TopicAppends {
  readonly #options: TopicAppendsOptions;
  readonly #plain: PlainOrder;
  readonly #pending: PendingAppends;

  constructor(options: TopicAppendsOptions) {
    this.#options = options;
    const { writer, settings, open, nextId } = options;
    this.#plain = new PlainOrder(`plain ${nextId()}`, settings.maxPlainChannels);
    this.#pending = new PendingAppends({
      ...settings,
      nextId,
      plain: this.#plain,
      timers: open.timers,
      monotonic: () => open.clock.monotonic(),
      timeoutMs: settings.appendTimeoutMs,
      // Whether it arrived is seen by reading: an error tells no more than silence.
      send: (records) => writer.produce(records as readonly MarkedRecord[]).catch(() => {}),
      recordOf: (append, id) => this.#record(append, id),
    });
  }

  /** @param append its channel is the key. */
  async append(append: Append): Promise<AppendOutcome> {
    const refusal = this.#options.writer.refuse(append.payload);
    if (refusal !== undefined) return { kind: "failed", code: "log-full", message: refusal };
    let foreseen = this.#foreseen(append);
    if (foreseen !== undefined && foreseen.kind !== "duplicate") {
      // Another node may have written what it builds on.
      await this.#options.partition.caughtUp().catch(() => {});
      foreseen = this.#foreseen(append);
    }
    if (foreseen !== undefined) return foreseen;
    const [outcome] = await this.#pending.add([append]);
    return outcome!;
  }

  /** The partition showed a record, whoever wrote it. */
  passed(id: string, verdict: Verdict): void {
    this.#pending.passed(id, verdict);
  }

  /** The broker answers again, or all was passed that it had. */
  flush(): void {
    this.#pending.flush();
  }

  /** What waits fails: its outcome is not known. */
  stop(): void {
    this.#pending.stop();
  }

  /** What is known to become of an append without writing it. */
  #foreseen(append: Append): AppendOutcome | undefined {
    const { channel, producer } = append;
    if (producer === "" || this.#pending.isWaitingBefore(append)) return undefined;
    const last = this.#options.partition.lastOf(channel, producer);
    const decision = decideAppend(last === 0 ? undefined : { last }, append);
    if (decision.kind === "accept") return undefined;
    // Where it lies is known to who reads it.
    return decision.kind === "duplicate" ? { kind: "duplicate", epoch: 0, offset: 0 } : decision;
  }

  #record(append: Append, id: string): MarkedRecord | undefined {
    const { writer, partition } = this.#options;
    if (!partition.isCurrent) return undefined;
    const { channel, producer } = append;
    const { through: seen, throughId: seenId } = partition;
    const last = partition.lastOf(channel, producer);
    const mark = { origin: writer.origin, seen, seenId, last };
    return { kind: "append", id, epoch: 0, deduplicateMs: 0, ...append, mark };
  }
}
