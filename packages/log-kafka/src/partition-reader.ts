import type { Fetched, PlacedRecord } from "@hawser/log/broker";
import { HawserError } from "@hawser/protocol";
import { fetchV13, listOffsetsV7 } from "@platformatic/kafka";
import { kafkaCode, kafkaCodes, unavailable } from "./kafka-error.ts";
import { placedRecords } from "./kafka-record.ts";
import type { LeaderLane, Link } from "./leader-lane.ts";

/** What a {@link PartitionReader} is told. */
export interface PartitionReaderOptions {
  readonly topic: string;
  readonly partition: number;
  /** Bytes of one answer; a batch that is larger comes alone. */
  readonly fetchBytes: number;
  /** How long the broker may wait at most, in milliseconds. */
  readonly maxWaitMs: number;
  readonly view: PartitionView;
  /** Only this topic is read, not one that was made anew under its name. Default: whichever there is. */
  readonly topicId?: string;
}

/** What is seen of a partition. */
export interface PartitionView {
  /** Whether it ends where the first transaction is open. */
  readonly isCommitted: boolean;
  readonly recordsOf: (found: fetchV13.FetchResponsePartition) => PlacedRecord[];
}

/** All records up to the high watermark, also those of transactions, so that offsets have no holes. */
export const ownView: PartitionView = {
  isCommitted: false,
  recordsOf: ({ records }) => placedRecords(records ?? []),
};

/** The record that was read last at the log's end, and by which link. */
interface Last {
  readonly link: Link;
  readonly placed: PlacedRecord;
}

/** Timestamps that ask for an end of the log (ListOffsets of Kafka's protocol guide). */
const ends = { latest: -1n, earliest: -2n } as const;

/**
 * Reads one partition for a node, by two connections to its leader: one that waits at the log's end, and one that reads what is
 * asked for now, wherever it lies.
 */
export class PartitionReader {
  readonly #waiting: LeaderLane;
  readonly #reading: LeaderLane;
  readonly #options: PartitionReaderOptions;
  /** Links whose leader has said that it knows how far the log was acknowledged. */
  readonly #settled = new WeakSet<Link>();
  #last: Last | undefined;

  constructor(waiting: LeaderLane, reading: LeaderLane, options: PartitionReaderOptions) {
    this.#waiting = waiting;
    this.#reading = reading;
    this.#options = options;
  }

  /** As `Broker.fetch` says. Rejects with `log-unavailable`. */
  async fetch(offset: number, maxCount: number, waitMs: number): Promise<Fetched> {
    const from = Math.max(1, offset);
    try {
      return waitMs > 0 ? await this.#wait(from, maxCount, waitMs) : await this.#read(this.#reading, from, maxCount);
    } catch (error) {
      throw error instanceof HawserError ? error : unavailable(`Kafka does not show ${this.#options.topic}`, error);
    }
  }

  async #wait(from: number, maxCount: number, waitMs: number): Promise<Fetched> {
    const link = await this.#waiting.link();
    const last = this.#last;
    // As long as one link to one leader lasts, the log does not go back: what was read by it needs not be read again.
    const known = last?.link === link && last.placed.offset === from ? last.placed : undefined;
    const fetched =
      known === undefined
        ? await this.#read(this.#waiting, from, maxCount)
        : await this.#readBehind(link, known, maxCount, waitMs);
    const placed = fetched.records.at(-1);
    // It may have been read by another link than that one; then it is read again.
    this.#last = placed === undefined ? undefined : { link, placed };
    return fetched;
  }

  async #readBehind(link: Link, known: PlacedRecord, maxCount: number, waitMs: number): Promise<Fetched> {
    const wait = Math.min(waitMs, this.#options.maxWaitMs);
    const { records, start, end } = await this.#fetch(this.#waiting, link, known.offset + 1, maxCount, wait);
    if (start > known.offset) return { records, start, end };
    return { records: [known, ...records].slice(0, maxCount), start, end };
  }

  async #read(lane: LeaderLane, from: number, maxCount: number): Promise<Fetched> {
    const link = await lane.link();
    const fetched = await this.#fetch(lane, link, from, maxCount, 0);
    // What was asked for was trimmed: the oldest that is left comes in its place.
    if (fetched.records.length > 0 || fetched.start <= from || fetched.end < fetched.start) return fetched;
    return this.#fetch(lane, link, fetched.start, maxCount, 0);
  }

  async #fetch(lane: LeaderLane, link: Link, from: number, maxCount: number, waitMs: number): Promise<Fetched> {
    const { partition: partitionIndex, fetchBytes } = this.#options;
    const { topicId, leaderEpoch } = link;
    this.#hold(link);
    const partition = {
      partition: partitionIndex,
      currentLeaderEpoch: leaderEpoch,
      fetchOffset: BigInt(from - 1),
      lastFetchedEpoch: -1,
      partitionMaxBytes: fetchBytes,
    };
    const topics = [{ topicId, partitions: [partition] }];
    try {
      await this.#settle(lane, link);
      const { responses } = await lane.request(link, (connection) =>
        fetchV13.api.async(connection, waitMs, waitMs > 0 ? 1 : 0, fetchBytes, this.#isolation, 0, -1, topics, [], ""),
      );
      const found = responses[0]?.partitions[0];
      if (found === undefined) throw unavailable("Kafka answered without what was asked for");
      const { view } = this.#options;
      const end = Number(view.isCommitted ? found.lastStableOffset : found.highWatermark);
      if (end < from - 1) return await this.#ends(lane, link);
      const records = view.recordsOf(found).filter(({ offset }) => offset >= from);
      return { records: records.slice(0, maxCount), start: Number(found.logStartOffset) + 1, end };
    } catch (error) {
      if (kafkaCode(error) === kafkaCodes.offsetOutOfRange) return this.#ends(lane, link);
      throw error;
    }
  }

  /**
   * A leader that has just begun may not know yet how far the log was acknowledged, and answers to a fetch as if it ended before:
   * that would look like a log that went back. Where the log ends it says only once it knows (KIP-207), and rejects until then.
   */
  async #settle(lane: LeaderLane, link: Link): Promise<void> {
    if (this.#settled.has(link)) return;
    await this.#end(lane, link, ends.latest);
    this.#settled.add(link);
  }

  /** Nothing is where it was asked for: what there is instead. */
  async #ends(lane: LeaderLane, link: Link): Promise<Fetched> {
    const [start, end] = await Promise.all([this.#end(lane, link, ends.earliest), this.#end(lane, link, ends.latest)]);
    return { records: [], start: start + 1, end };
  }

  async #end(lane: LeaderLane, link: Link, timestamp: bigint): Promise<number> {
    const { topic: name, partition: partitionIndex } = this.#options;
    const partitions = [{ partitionIndex, currentLeaderEpoch: link.leaderEpoch, timestamp }];
    this.#hold(link);
    const { topics } = await lane.request(link, (connection) =>
      listOffsetsV7.api.async(connection, -1, this.#isolation, [{ name, partitions }]),
    );
    const found = topics[0]?.partitions[0];
    if (found === undefined) throw unavailable("Kafka answered without what was asked for");
    return Number(found.offset);
  }

  /** Of Kafka's `IsolationLevel`. */
  get #isolation(): 0 | 1 {
    return this.#options.view.isCommitted ? 1 : 0;
  }

  #hold({ topicId }: Link): void {
    const { topic, topicId: wanted = topicId } = this.#options;
    if (topicId !== wanted) throw unavailable(`the topic ${topic} was made anew`);
  }
}
