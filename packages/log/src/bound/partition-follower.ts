import type { BrokerLogSettings } from "../broker-log/broker-log-options.ts";
import { BlockReader, unavailable } from "../broker-log/block-reader.ts";
import { FetchLoop } from "../broker-log/fetch-loop.ts";
import type { Fetched, BrokerPorts } from "../prefix/broker.ts";
import type { PlacedRecord } from "../prefix/log-record.ts";
import type { Verdict } from "../prefix/accepted-prefix.ts";
import type { BoundPartition, BoundTopicSettings } from "./topic-binding.ts";
import { WindowedPrefix, windowOffsets } from "./windowed-prefix.ts";

/** A record and what is to be thought of it. */
export interface JudgedRecord {
  readonly placed: PlacedRecord;
  readonly verdict: Verdict;
}

/** What a {@link PartitionFollower} is told, and tells. */
export interface PartitionFollowerOptions {
  readonly partition: BoundPartition;
  readonly ports: BrokerPorts;
  readonly settings: Required<BrokerLogSettings> & Required<BoundTopicSettings>;
  /** The epoch of what it gives. */
  readonly epoch: number;
  /** Records, in order. Where nodes write, those come first that lay below the end when following began. */
  readonly onRecords: (records: readonly JudgedRecord[]) => void;
  /** Records below `start` are gone. `unread`: some of them were not given. */
  readonly onTrimmed: (start: number, unread: boolean) => void;
  /** The end went back, or what was read is another record now. */
  readonly onBack: () => void;
  /** It has passed all that the partition had, or the broker answers again. */
  readonly onCurrent: () => void;
  readonly onAvailable: (available: boolean) => void;
}

interface Waiter {
  readonly since: number;
  readonly settle: (isCaughtUp: boolean) => void;
}

/** Far above every end, and still an offset. */
const beyond = Number.MAX_SAFE_INTEGER - 1;

/**
 * Follows one partition of a bound topic from its end on, for all channels in it, and reads the blocks of its history. Where nodes
 * write into it, it begins as far below as what counts depends on.
 */
export class PartitionFollower {
  readonly blocks: BlockReader;
  readonly #options: PartitionFollowerOptions;
  readonly #loop: FetchLoop;
  #prefix: WindowedPrefix | undefined;
  #begun = false;
  #start = 1;
  #through = 0;
  /** The end when following began. */
  #begin = 0;
  /** Identity of the record at `#through`, once it was seen. */
  #lastId: string | undefined;
  #taken = 0;
  #waiters: readonly Waiter[] = [];

  constructor(options: PartitionFollowerOptions) {
    this.#options = options;
    const { partition, ports, settings } = options;
    const broker = {
      fetch: (offset: number, maxCount: number, waitMs: number) => partition.fetch(offset, maxCount, waitMs),
      produce: () => Promise.reject(new TypeError("a bound topic is only read")),
    };
    this.#loop = new FetchLoop(
      { ...settings, ...ports, broker, maxFetch: 1_000 },
      {
        position: () => (this.#begun ? Math.max(1, this.#through) : beyond),
        waitMs: () => (this.#begun && !this.#waiters.some(({ since }) => since >= this.#taken) ? settings.waitMs : 0),
        take: (fetched, fetch) => this.#take(fetched, fetch),
        onAvailable: options.onAvailable,
      },
    );
    this.blocks = new BlockReader({
      ...settings,
      ...ports,
      broker,
      passedThrough: () => this.#through,
      confirm: () => this.caughtUp(),
      onTrimmed: (start) => this.#trimmed(start),
    });
  }

  /** The oldest offset that is left. */
  get start(): number {
    return this.#start;
  }

  /** All up to here was given, or lay below the end at which following began. */
  get through(): number {
    return this.#through;
  }

  /** Identity of the record at `through`; "" where it is not known. */
  get throughId(): string {
    return this.#lastId ?? "";
  }

  /** What lies at or below it is no history. */
  get base(): number {
    return Math.max(this.#start - 1, this.#prefix?.base ?? this.#through - this.#options.settings.historyOffsets);
  }

  /** Whether an append record above `base` is an entry. */
  counted(offset: number): boolean {
    return this.#prefix?.counted(offset) ?? true;
  }

  /** The sequence of a producer that counted last; 0: none, or it is not remembered. */
  lastOf(channel: string, producer: string): number {
    return this.#prefix?.lastOf(channel, producer) ?? 0;
  }

  /** Whether it has passed what it had to, and the broker answers. */
  get isCurrent(): boolean {
    return this.#begun && this.#through >= this.#begin && this.#loop.available;
  }

  /** Follows from now on, though nobody asked it yet. */
  begin(): void {
    this.#loop.ask();
  }

  /** Resolves when all was passed that the partition had when this was called. Rejects with `log-unavailable`. */
  async caughtUp(): Promise<void> {
    const { ports, settings } = this.#options;
    const isCaughtUp = await new Promise<boolean>((resolve) => {
      const timer = ports.timers.after(settings.readTimeoutMs, () => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        resolve(false);
      });
      const waiter: Waiter = {
        since: this.#loop.begun,
        settle: (settled) => {
          timer.cancel();
          resolve(settled);
        },
      };
      this.#waiters = [...this.#waiters, waiter];
      this.#loop.ask();
    });
    if (!isCaughtUp) throw unavailable("the broker did not show the topic in time", this.#loop.failure);
  }

  stop(): void {
    this.#loop.stop();
    this.blocks.clear();
    for (const { settle } of this.#waiters) settle(false);
    this.#waiters = [];
  }

  /** Returns whether there is more to read at once. */
  #take({ records, start, end }: Fetched, fetch: number): boolean {
    this.#taken = Math.max(this.#taken, fetch);
    if (!this.#begun) {
      this.#begun = true;
      this.#start = start;
      this.#begin = end;
      this.#through = this.#beginBelow(start, end);
    } else {
      const [first] = records;
      const isSame = first?.offset !== this.#through || this.#lastId === undefined || first.record.id === this.#lastId;
      if (end < this.#through || !isSame) {
        this.#options.onBack();
        return false;
      }
      if (first?.offset === this.#through) this.#lastId = first.record.id;
      this.#trimmed(start);
      this.#pass(records.filter(({ offset }) => offset > this.#through));
    }
    if (this.#through < end) return records.length > 0;
    this.#options.onCurrent();
    const ready = this.#waiters.filter(({ since }) => since < fetch);
    this.#waiters = this.#waiters.filter(({ since }) => since >= fetch);
    for (const { settle } of ready) settle(true);
    return false;
  }

  /** Where it begins, with an end as it is now. */
  #beginBelow(start: number, end: number): number {
    const { partition, epoch, settings } = this.#options;
    if (partition.writer === undefined) return end;
    const { historyOffsets: rememberedOffsets } = settings;
    const floor = start - 1;
    const from = Math.max(floor, end - rememberedOffsets - 2 * windowOffsets);
    const { origin } = partition.writer;
    this.#prefix = new WindowedPrefix({ origin, epoch, from, floor, windowOffsets, rememberedOffsets });
    return from;
  }

  #pass(fresh: readonly PlacedRecord[]): void {
    const last = fresh.at(-1);
    if (last === undefined) return;
    const { epoch, onRecords } = this.#options;
    const judged = fresh.map((placed): JudgedRecord => {
      const { offset } = placed;
      return { placed, verdict: this.#prefix?.apply(placed) ?? { kind: "accepted", epoch, offset } };
    });
    this.#through = last.offset;
    this.#lastId = last.record.id;
    onRecords(judged);
  }

  #trimmed(start: number): void {
    if (start <= this.#start) return;
    this.#start = start;
    const unread = start > this.#through + 1;
    if (unread) {
      this.#through = start - 1;
      this.#lastId = undefined;
    }
    this.#options.onTrimmed(start, unread);
  }
}
