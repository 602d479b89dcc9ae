import type { Broker, BrokerPorts, Fetched, LogRecord, SettingsWatch } from "@hawser/log/broker";
import { HawserError } from "@hawser/protocol";
import type { StreamInfo } from "@nats-io/jetstream";
import type { OutgoingMessage } from "./connection/acknowledged-publisher.ts";
import type { Connection } from "./connection/nats-connection.ts";
import { messageOf } from "./message/record-message.ts";
import { channelSubject, ownSubject } from "./message/subject.ts";
import type { NatsSettings } from "./nats-options.ts";
import { readStored } from "./read/read-stored.ts";
import { Tail } from "./read/tail.ts";
import { isStreamNotFound, streamName } from "./stream/open-streams.ts";
import { stateOf } from "./stream/stream-state.ts";
import type { StreamState } from "./stream/stream-state.ts";

/** For how long a read waits for a connection that was lost, so that those who try again at once do not do it in vain. */
const reconnectWaitMs = 250;
/** How often the leader is asked what a running tail cannot tell: where the log begins, and whether it is still the same. */
const checkMs = 1_000;
/** How far a tail may lag behind what the leader said, before the leader is read in its place. */
const lagMs = 1_000;
/**
 * For how long a stream has to be gone before it is made anew. Servers before 2.10 remove the files of a deleted stream a
 * moment later, and with them those of one that was made in its place.
 */
const goneMs = 1_000;

/** What a partition needs. */
export interface PartitionOptions {
  readonly connection: Connection;
  readonly ports: BrokerPorts;
  readonly settings: NatsSettings;
  readonly partition: number;
  /** Makes the stream when it is gone. */
  readonly ensure: () => Promise<StreamInfo>;
  /** Says whether the servers still keep what is promised. */
  readonly watch: Pick<SettingsWatch, "allowAppends">;
}

/** One stream of JetStream as a partition of a log. */
export class Partition implements Broker {
  readonly #options: PartitionOptions;
  readonly #stream: string;
  #tail: Tail | undefined;
  #state: StreamState | undefined;
  #checkedAt = -Infinity;
  /** Since when the stream is known to be gone. */
  #goneSince: number | undefined;
  /** The newest offset that was given, of the stream before this one: it is said once that it is not there. */
  #gone: number | undefined;
  #given = 0;

  constructor(options: PartitionOptions) {
    this.#options = options;
    this.#stream = streamName(options.settings.stream, options.partition);
  }

  async produce(records: readonly LogRecord[]): Promise<void> {
    this.#options.watch.allowAppends();
    const { publisher } = this.#options.connection;
    const messages = records.map((record) => this.#messageOf(record));
    await this.#options.connection.ask(`NATS stream ${this.#stream}`, () => publisher.publish(this.#stream, messages));
  }

  async fetch(offset: number, maxCount: number, waitMs: number): Promise<Fetched> {
    const { connection } = this.#options;
    await connection.up(Math.min(Math.max(waitMs, 1), reconnectWaitMs));
    const fetched = await this.#fetch(offset, maxCount, waitMs);
    const gone = this.#gone;
    this.#gone = undefined;
    if (gone !== undefined && offset === gone) return { records: [], start: 1, end: 0 };
    this.#given = Math.max(this.#given, fetched.records.at(-1)?.offset ?? 0);
    return fetched;
  }

  /** Ends the consumer. */
  close(): void {
    this.#tail?.end();
  }

  async #fetch(offset: number, maxCount: number, waitMs: number): Promise<Fetched> {
    // Without waiting it is asked what there is now, which only the leader knows.
    if (waitMs === 0 || this.#options.ports.clock.monotonic() - this.#checkedAt >= checkMs) await this.#check();
    const tail = this.#running(offset);
    if (tail === undefined) {
      const fetched = await this.#read(offset, maxCount);
      const started = this.#startTail(offset, fetched);
      if (waitMs === 0 || started === undefined || (fetched.records.at(-1)?.offset ?? 0) > offset) return fetched;
      return this.#wait(started, offset, maxCount, waitMs);
    }
    return this.#wait(tail, offset, maxCount, waitMs);
  }

  async #wait(tail: Tail, offset: number, maxCount: number, waitMs: number): Promise<Fetched> {
    const known = this.#state?.end ?? 0;
    await tail.reached(known, lagMs);
    if (waitMs > 0) await tail.reached(offset + 1, waitMs);
    if (tail.isEnded || !tail.covers(offset) || !tail.has(known)) return this.#read(offset, maxCount);
    const { start = 1, end = 0 } = this.#state ?? {};
    return { records: tail.read(offset, maxCount), start, end: Math.max(end, tail.last ?? 0) };
  }

  /** The tail, if it can answer. */
  #running(offset: number): Tail | undefined {
    return this.#tail?.isEnded === false && this.#tail.covers(offset) ? this.#tail : undefined;
  }

  /** Starts one where a read reached the end, if none runs. */
  #startTail(offset: number, { records, start, end }: Fetched): Tail | undefined {
    const last = records.at(-1);
    if (this.#tail?.isEnded === false || (last?.offset ?? end) < end) return undefined;
    const { connection, ports, settings } = this.#options;
    const from = last?.offset ?? end + 1;
    this.#tail = new Tail({
      connection,
      timers: ports.timers,
      stream: this.#stream,
      from,
      expected: last,
      // In a stream that is empty nothing lies below either.
      coversFrom: last?.offset ?? (start > end ? 0 : Math.min(offset, from)),
      limits: { maxCount: settings.maxBuffered, maxBytes: settings.maxBufferedBytes },
    });
    return this.#tail;
  }

  async #read(offset: number, maxCount: number): Promise<Fetched> {
    const { connection } = this.#options;
    const seen = this.#seen();
    const { fetched, state } = await this.#ask(() => readStored(connection, this.#stream, offset, maxCount));
    this.#learn(state, seen);
    return fetched;
  }

  async #check(): Promise<void> {
    const { manager } = this.#options.connection;
    const seen = this.#seen();
    this.#learn(stateOf(await this.#ask(() => manager.streams.info(this.#stream))), seen);
  }

  async #ask<Answer>(request: () => Promise<Answer>): Promise<Answer> {
    const { connection } = this.#options;
    try {
      const answer = await connection.ask(`NATS stream ${this.#stream}`, request);
      this.#goneSince = undefined;
      return answer;
    } catch (error) {
      if (error instanceof HawserError && isStreamNotFound(error.cause)) await this.#renew();
      throw error;
    }
  }

  /** Deleted by somebody: the log begins anew, in a new epoch. */
  async #renew(): Promise<void> {
    const now = this.#options.ports.clock.monotonic();
    this.#goneSince ??= now;
    if (now - this.#goneSince < goneMs) return;
    this.#goneSince = undefined;
    await this.#options.ensure();
  }

  /** How far the log is known to have reached, before somebody is asked. */
  #seen(): number {
    return Math.max(this.#state?.end ?? 0, this.#tail?.isEnded === false ? (this.#tail.last ?? 0) : 0);
  }

  /** Takes what the leader said. What may mean that the log went back ends the tail, so that the broker is read. */
  #learn(state: StreamState, seen: number): void {
    const known = this.#state;
    this.#state = state;
    this.#checkedAt = this.#options.ports.clock.monotonic();
    if (known === undefined) return;
    const isOther = state.created !== known.created;
    if (isOther && this.#given > 0) this.#gone = this.#given;
    if (isOther) this.#given = 0;
    if (isOther || state.leader !== known.leader || state.end < seen) {
      this.#tail?.end();
    }
  }

  #messageOf(record: LogRecord): OutgoingMessage {
    const { settings, partition } = this.#options;
    const { stream } = settings;
    const subject =
      record.kind === "append" ? channelSubject(stream, partition, record.channel) : ownSubject(stream, partition);
    return { subject, ...messageOf(record) };
  }
}
