import type { Append, AppendOutcome, LogOpenOptions } from "@hawser/log";
import { TopicAppends, windowOffsets, WindowedPrefix } from "@hawser/log/broker";
import type { AppendRecord, BoundWriter, MarkedPartition, PlacedRecord, TopicAppendsOptions } from "@hawser/log/broker";
import type { BoundMessage } from "./bindings.ts";

/** Part of the rule: messages of a stream for which a producer is remembered, and that history reaches back. */
const rememberedOffsets = 100_000;

/** What a {@link WrittenStream} is told. */
export interface WrittenStreamOptions {
  readonly writer: BoundWriter;
  readonly ports: LogOpenOptions;
  readonly settings: TopicAppendsOptions["settings"];
  readonly nextId: () => string;
  readonly epoch: number;
  /** The stream as it is now: what is above `floor`, up to `end`. */
  readonly floor: number;
  readonly end: number;
  readonly isAvailable: () => boolean;
  /** As that of `MarkedPartition`. */
  readonly caughtUp: () => Promise<void>;
}

/** What a stream of others is beside what is read of it, where nodes write too: which of its messages count, and what waits to. */
export class WrittenStream implements MarkedPartition {
  /** Where reading begins, so that all is known that matters. */
  readonly from: number;
  readonly #options: WrittenStreamOptions;
  readonly #prefix: WindowedPrefix;
  readonly #appends: TopicAppends;
  #through: number;
  #throughId = "";
  #waiting = 0;

  constructor(options: WrittenStreamOptions) {
    this.#options = options;
    const { writer, ports: open, settings, nextId, epoch, floor, end } = options;
    this.from = Math.max(floor, end - rememberedOffsets - 2 * windowOffsets);
    this.#through = this.from;
    const { origin } = writer;
    this.#prefix = new WindowedPrefix({ origin, epoch, from: this.from, floor, windowOffsets, rememberedOffsets });
    this.#appends = new TopicAppends({ writer, partition: this, settings, open, nextId });
  }

  get isCurrent(): boolean {
    return this.#through >= this.#options.end && this.#options.isAvailable();
  }

  get through(): number {
    return this.#through;
  }

  get throughId(): string {
    return this.#throughId;
  }

  /** Whether appends have no outcome yet. */
  get isWaiting(): boolean {
    return this.#waiting > 0;
  }

  /** What lies at or below it is no history. */
  get base(): number {
    return this.#prefix.base;
  }

  lastOf(channel: string, producer: string): number {
    return this.#prefix.lastOf(channel, producer);
  }

  caughtUp(): Promise<void> {
    return this.#options.caughtUp();
  }

  /** Whether a message above `base` that was passed is an entry. */
  counted(offset: number): boolean {
    return this.#prefix.counted(offset);
  }

  /** Takes the next message of the stream. Returns whether it is an entry of its channel. */
  pass(message: BoundMessage): boolean {
    const placed = placedOf(message);
    const verdict = this.#prefix.apply(placed);
    this.#through = message.offset;
    this.#throughId = message.id;
    this.#appends.passed(message.id, verdict);
    return verdict.kind === "accepted";
  }

  async append(append: Append): Promise<AppendOutcome> {
    this.#waiting += 1;
    try {
      return await this.#appends.append(append);
    } finally {
      this.#waiting -= 1;
    }
  }

  /** The broker answers again, or all was passed that the stream had. */
  flush(): void {
    this.#appends.flush();
  }

  /** What waits fails: its outcome is not known. */
  stop(): void {
    this.#appends.stop();
  }
}

/** The message as the rule sees it: its payload does not matter. */
function placedOf({ offset, time, id, channel, marked }: BoundMessage): PlacedRecord {
  if (channel === undefined) return { offset, time, record: { kind: "foreign", id } };
  const record: AppendRecord = {
    kind: "append",
    id,
    epoch: 0,
    channel,
    producer: "",
    sequence: 0,
    previous: 0,
    deduplicateMs: 0,
    payload: { kind: "bytes", data: nothing },
    key: "",
    publisher: "",
    ...marked,
  };
  return { offset, time, record };
}

const nothing = new Uint8Array(0);
