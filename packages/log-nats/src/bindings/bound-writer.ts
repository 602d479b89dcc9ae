import { decideAppend, ProducerTable } from "@hawser/log";
import type { Append, AppendOutcome, LogOpenOptions } from "@hawser/log";
import type { LogRecord } from "@hawser/log/broker";
import { HawserError } from "@hawser/protocol";
import { JetStreamApiError } from "@nats-io/jetstream";
import type { Connection } from "../connection/nats-connection.ts";
import { messageOf, recordOf } from "../message/record-message.ts";
import type { NatsSettings } from "../nats-options.ts";
import { epochOf } from "./bound-stream.ts";
import type { BoundStream } from "./bound-stream.ts";

/** What a writer needs. */
export interface BoundWriterOptions {
  readonly stream: BoundStream;
  readonly connection: Connection;
  readonly ports: LogOpenOptions;
  readonly settings: NatsSettings;
}

/** What is known of a subject, through its message at `last`. */
interface Written {
  readonly epoch: number;
  readonly producers: ProducerTable;
  last: number;
}

/** How often an append begins anew since others wrote in between. */
const maxTries = 32;
/** Producers of a channel that are remembered, and positions of each. */
const maxProducers = 10_000;
const maxRecentPositions = 64;

/**
 * Publishes into subjects that others write too. A message is appended on the condition that the subject's last one is the
 * last that was looked at: so each is decided by all that lies before it, and none is there twice, whoever sent it again. That
 * takes one message at a time for each channel; channels go side by side.
 *
 * @see https://docs.nats.io/nats-concepts/jetstream/headers (`Nats-Expected-Last-Subject-Sequence`)
 */
export class BoundWriter {
  readonly #options: BoundWriterOptions;
  readonly #written = new Map<string, Written>();
  /** What each subject is busy with. */
  readonly #lanes = new Map<string, Promise<unknown>>();
  #waiting = 0;

  constructor(options: BoundWriterOptions) {
    this.#options = options;
  }

  /** Appends in the order of the calls. Never rejects. */
  append(subject: string, append: Append): Promise<AppendOutcome> {
    const { maxBoundWaiting, maxPayloadBytes } = this.#options.settings;
    if (append.payload.data.length > maxPayloadBytes) {
      const message = `a payload of ${append.payload.data.length} bytes is larger than maxPayloadBytes ${maxPayloadBytes}`;
      return Promise.resolve({ kind: "failed", code: "log-full", message });
    }
    if (this.#waiting >= maxBoundWaiting) {
      return Promise.resolve(failed(`${maxBoundWaiting} appends to bound channels wait (maxBoundWaiting)`));
    }
    this.#waiting += 1;
    const before = this.#lanes.get(subject) ?? Promise.resolve();
    const outcome = before.then(() => this.#append(subject, append));
    this.#lanes.set(subject, outcome);
    return outcome.finally(() => {
      this.#waiting -= 1;
      if (this.#lanes.get(subject) === outcome) this.#lanes.delete(subject);
    });
  }

  async #append(subject: string, append: Append): Promise<AppendOutcome> {
    try {
      let written = this.#written.get(subject);
      let isNew = written === undefined;
      for (let tries = 0; tries < maxTries; tries += 1) {
        if (written === undefined || isNew) written = await this.#look(subject, append.channel);
        const { epoch, producers } = written;
        const { producer, sequence } = append;
        const decision = decideAppend(producers.find(producer, this.#now), append);
        if (decision.kind === "duplicate") {
          const offset = producers.offsetOf(producer, sequence);
          return offset === undefined ? { ...decision, epoch: 0, offset: 0 } : { ...decision, epoch, offset };
        }
        // What others wrote since may say otherwise, also to what would be accepted: the server looks at that.
        if (decision.kind !== "accept" && isNew) return decision;
        const offset = decision.kind === "accept" ? await this.#publish(subject, append, written) : undefined;
        if (offset !== undefined) {
          this.#accept(written, append, offset);
          return { kind: "accepted", epoch, offset };
        }
        isNew = true;
      }
      return failed(`others write to ${subject} faster than it can be looked at`);
    } catch (error) {
      // Whether it is there will be seen by who looks next.
      this.#written.delete(subject);
      return failed(error instanceof HawserError ? error.message : String(error));
    }
  }

  /** Its offset; `undefined` when others have written since `last`. */
  async #publish(subject: string, append: Append, { epoch, last }: Written): Promise<number | undefined> {
    const { stream, connection, ports, settings } = this.#options;
    const { deduplicateMs } = ports.policyOf(append.channel);
    const id = Array.from(ports.random.bytes(12), (byte) => byte.toString(16).padStart(2, "0")).join("");
    const record: LogRecord = { kind: "append", id, epoch, deduplicateMs, ...append };
    const { headers, value } = messageOf(record);
    const { stream: streamName } = stream.binding;
    const expect = { streamName, lastSubjectSequence: last };
    const options = { headers, expect, timeout: settings.requestTimeoutMs };
    try {
      const { seq } = await connection.ask(`NATS stream ${streamName}`, () =>
        connection.client.publish(subject, value, options),
      );
      return seq;
    } catch (error) {
      const cause = error instanceof HawserError ? error.cause : error;
      if (cause instanceof JetStreamApiError && cause.code === wrongLastSequence) return undefined;
      throw error;
    }
  }

  /** What others, and other nodes, have written since it was looked at. */
  async #look(subject: string, channel: string): Promise<Written> {
    const { stream, ports, settings } = this.#options;
    const { deduplicateMs } = ports.policyOf(channel);
    const known = this.#written.get(subject);
    const { state, last, messages } = await stream.newest(subject, known?.last ?? 0, {
      sinceMs: this.#now - deduplicateMs,
      maxCount: settings.maxBoundLook,
    });
    const { epoch } = epochOf(state);
    const isSame = known?.epoch === epoch && known.last <= state.end;
    const producers = isSame ? known.producers : this.#noProducers(deduplicateMs);
    const now = this.#now;
    for (const message of messages) {
      const { offset, time, record } = recordOf(message);
      if (record.kind !== "append" || record.producer === "") continue;
      // Its window began when it was appended; the table's time does not go back.
      producers.accept(record.producer, record.sequence, offset, now, record.deduplicateMs - Math.max(0, now - time));
    }
    const written = { epoch, producers, last };
    this.#keep(subject, written);
    return written;
  }

  #accept(written: Written, { producer, sequence }: Append, offset: number): void {
    written.last = offset;
    if (producer !== "") written.producers.accept(producer, sequence, offset, this.#now);
  }

  #keep(subject: string, written: Written): void {
    this.#written.delete(subject);
    this.#written.set(subject, written);
    if (this.#written.size <= this.#options.settings.maxBoundFollowed) return;
    const [oldest] = this.#written.keys();
    this.#written.delete(oldest!);
  }

  #noProducers(deduplicateMs: number): ProducerTable {
    return new ProducerTable({ deduplicateMs, maxProducers, maxRecentPositions });
  }

  get #now(): number {
    return this.#options.ports.clock.now();
  }
}

function failed(message: string): AppendOutcome {
  return { kind: "failed", code: "log-unavailable", message };
}

/** `JSStreamWrongLastSequenceErrF` of the server's `errors.json`. */
const wrongLastSequence = 10_071;
