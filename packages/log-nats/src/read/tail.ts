import type { PlacedRecord } from "@hawser/log/broker";
import type { Timer, Timers } from "@hawser/protocol";
import type { ConsumerMessages } from "@nats-io/jetstream";
import type { Connection } from "../connection/nats-connection.ts";
import { recordOf } from "../message/record-message.ts";
import { deliveredMessage, readerConfig } from "./delivered.ts";
import { RecordWindow } from "./record-window.ts";
import type { RecordWindowLimits } from "./record-window.ts";

/** Messages that are asked for ahead. They may be as large as the server takes, whatever the window's bytes are. */
const maxAhead = 256;
/** Silence after which the server says that it is there; twice as long, and it is taken to be gone. */
const heartbeatMs = 2_500;

/** What a tail is started with. */
export interface TailOptions {
  readonly connection: Connection;
  readonly timers: Timers;
  readonly stream: string;
  /** The first sequence that is asked for. */
  readonly from: number;
  /** What has to be there, if it is not empty: the record that was read last. */
  readonly expected: PlacedRecord | undefined;
  /** Nothing lies between it and `from`. */
  readonly coversFrom: number;
  readonly limits: RecordWindowLimits;
}

/**
 * The one reader of new records in a partition, for all who wait here: a pull consumer that keeps a window filled. It ends,
 * for good, at the first sign that the stream may not be what it was (a lost connection, a missed heartbeat, a consumer that
 * is gone, a sequence that is left out), so that what it answers needs no doubt; the next read asks the broker.
 */
export class Tail {
  readonly #options: TailOptions;
  readonly #window: RecordWindow;
  readonly #waiting = new Set<() => void>();
  #messages: ConsumerMessages | undefined;
  #room: (() => void) | undefined;
  #ended = false;

  constructor(options: TailOptions) {
    this.#options = options;
    this.#window = new RecordWindow(options.coversFrom, options.limits);
    const forget = options.connection.onDown(() => this.end());
    void this.#run()
      .catch(() => {})
      .finally(() => {
        forget();
        this.end();
      });
  }

  get isEnded(): boolean {
    return this.#ended;
  }

  /** The newest record's offset; `undefined` before the first came. */
  get last(): number | undefined {
    return this.#window.last;
  }

  covers(offset: number): boolean {
    return this.#window.covers(offset);
  }

  /** Whether all through `offset` has come that it was to bring, or no more can come before some of it is read. */
  has(offset: number): boolean {
    return offset < this.#options.from || (this.last ?? 0) >= offset || this.#window.isFull;
  }

  /** The oldest at or above `offset`. */
  read(offset: number, maxCount: number): readonly PlacedRecord[] {
    const records = this.#window.read(offset, maxCount);
    if (!this.#window.isFull) this.#room?.();
    return records;
  }

  /** Resolves when all through `offset` has come, when it ended, or in time. */
  async reached(offset: number, withinMs: number): Promise<void> {
    let isLate = false;
    let wake: (() => void) | undefined;
    const timer: Timer = this.#options.timers.after(withinMs, () => {
      isLate = true;
      wake?.();
    });
    while (!isLate && !this.#ended && !this.has(offset)) {
      await new Promise<void>((resolve) => {
        wake = resolve;
        this.#waiting.add(resolve);
      });
      if (wake !== undefined) this.#waiting.delete(wake);
    }
    timer.cancel();
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#messages?.stop();
    this.#room?.();
    this.#wake();
  }

  async #run(): Promise<void> {
    const { connection, stream, from } = this.#options;
    const { name } = await connection.manager.consumers.add(stream, readerConfig(from));
    try {
      const consumer = await connection.client.consumers.get(stream, name);
      this.#messages = await consumer.consume({
        max_messages: maxAhead,
        idle_heartbeat: heartbeatMs,
        abort_on_missing_resource: true,
      });
      if (this.#ended) this.#messages.stop();
      void this.#watch(this.#messages);
      await this.#take(this.#messages);
    } finally {
      if (connection.isUp) connection.manager.consumers.delete(stream, name).catch(() => {});
    }
  }

  async #take(messages: ConsumerMessages): Promise<void> {
    let delivered = 0;
    for await (const message of messages) {
      delivered += 1;
      if (this.#ended || message.info.deliverySequence !== delivered) return;
      const placed = recordOf(deliveredMessage(message));
      if (delivered === 1 && !this.#isExpected(placed)) return;
      this.#window.add(placed);
      this.#wake();
      if (this.#window.isFull) {
        await new Promise<void>((resolve) => (this.#room = resolve));
        this.#room = undefined;
      }
    }
  }

  /** Whether the first record is what was read before it. */
  #isExpected({ offset, record }: PlacedRecord): boolean {
    const { expected } = this.#options;
    return expected === undefined || (offset === expected.offset && record.id === expected.record.id);
  }

  async #watch(messages: ConsumerMessages): Promise<void> {
    for await (const { type } of messages.status()) {
      if (suspicious.has(type)) this.end();
    }
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }
}

/** What a consumer's status says when it, its stream or the server may not be what they were. */
export const suspicious: ReadonlySet<string> = new Set([
  "heartbeats_missed",
  "consumer_deleted",
  "consumer_not_found",
  "stream_not_found",
  "exceeded_limits",
  "no_responders",
]);
