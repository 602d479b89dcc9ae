import type { BrokerPorts } from "@hawser/log/broker";
import { produceV10 } from "@platformatic/kafka";
import type { MessageRecord } from "@platformatic/kafka";
import { messageBytes } from "./kafka-record.ts";
import { unavailable } from "./kafka-error.ts";
import type { LeaderLane, Link } from "./leader-lane.ts";

/** What a {@link PartitionWriter} is told. */
export interface PartitionWriterOptions<Record> {
  readonly topic: string;
  readonly partition: number;
  /** Bytes of one batch: the topic's `max.message.bytes`. */
  readonly maxBatchBytes: number;
  /** Bytes that the broker has not acknowledged; past it `produce` rejects. */
  readonly maxWaitingBytes: number;
  /** How long replicas may take, in milliseconds. */
  readonly timeoutMs: number;
  /** The record as it is written. */
  readonly messageOf: (record: Record, topic: string, partition: number, nowMs: number) => MessageRecord;
  /** Only this topic is written, not one that was made anew under its name. Default: whichever there is. */
  readonly topicId?: string;
}

interface Call {
  left: number;
  error: unknown;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

interface Waiting {
  readonly message: MessageRecord;
  readonly bytes: number;
  readonly call: Call;
}

/** `acks`: every replica that is in sync has it before the broker says so. */
const allReplicas = -1;
/** A batch's own header, of 61 bytes. */
const batchOverhead = 100;

/**
 * Writes to one partition: one request at a time, with all that came meanwhile. Nothing is sent twice from here; who does not
 * see its record in the log sends it again, and the log's rule finds the copy.
 */
export class PartitionWriter<Record> {
  readonly #lane: LeaderLane;
  readonly #options: PartitionWriterOptions<Record>;
  readonly #ports: BrokerPorts;
  #waiting: Waiting[] = [];
  #bytes = 0;
  #writing = false;

  constructor(lane: LeaderLane, options: PartitionWriterOptions<Record>, ports: BrokerPorts) {
    this.#lane = lane;
    this.#options = options;
    this.#ports = ports;
  }

  /** As `Broker.produce` says. */
  produce(records: readonly Record[]): Promise<void> {
    const { topic, partition, maxWaitingBytes, messageOf } = this.#options;
    if (records.length === 0) return Promise.resolve();
    if (this.#bytes >= maxWaitingBytes) {
      return Promise.reject(unavailable(`${this.#bytes} bytes wait for Kafka, which is all of maxWaitingBytes`));
    }
    const now = this.#ports.clock.now();
    return new Promise((resolve, reject) => {
      const call: Call = { left: records.length, error: undefined, resolve, reject };
      for (const record of records) {
        const message = messageOf(record, topic, partition, now);
        const bytes = messageBytes(message);
        this.#bytes += bytes;
        this.#waiting.push({ message, bytes, call });
      }
      if (!this.#writing) void this.#write();
    });
  }

  async #write(): Promise<void> {
    this.#writing = true;
    while (this.#waiting.length > 0) {
      let batch: readonly Waiting[] = [];
      let error: unknown;
      try {
        const link = await this.#lane.link();
        this.#hold(link);
        batch = this.#next();
        const messages = batch.map(({ message }) => message);
        await this.#lane.request(link, (connection) =>
          produceV10.api.async(connection, allReplicas, this.#options.timeoutMs, messages, {}),
        );
      } catch (thrown) {
        // What waits for a broker that is not there fails together, so that nothing is written long after it was given up.
        if (batch.length === 0) batch = this.#waiting.splice(0);
        error = unavailable("Kafka did not acknowledge what was written", thrown);
      }
      for (const { call, bytes } of batch) {
        this.#bytes -= bytes;
        call.left -= 1;
        call.error ??= error;
        if (call.left > 0) continue;
        if (call.error === undefined) call.resolve();
        else call.reject(call.error);
      }
    }
    this.#writing = false;
  }

  #hold({ topicId }: Link): void {
    const { topic, topicId: wanted = topicId } = this.#options;
    if (topicId !== wanted) throw unavailable(`the topic ${topic} was made anew`);
  }

  /** As many as one batch takes; one at least, which the broker refuses if it is too large. */
  #next(): readonly Waiting[] {
    let bytes = batchOverhead;
    let count = 0;
    for (const waiting of this.#waiting) {
      bytes += waiting.bytes;
      if (count > 0 && bytes > this.#options.maxBatchBytes) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }
}
