import { Backoff } from "@hawser/log/broker";
import type { BackoffSettings, BrokerPorts } from "@hawser/log/broker";
import { HawserError } from "@hawser/protocol";
import { unavailable } from "./paced-connection.ts";
import type { PacedConnection } from "./paced-connection.ts";
import { StreamCursor } from "./stream-cursor.ts";
import type { MessageReading } from "./stream-cursor.ts";
import type { StreamDeclaration } from "./stream-settings.ts";

/** Limits of a {@link StreamReader}. */
export interface StreamReaderLimits extends BackoffSettings {
  /** Records that a consumer is given ahead of those who read. */
  readonly prefetch: number;
  /** Consumers that are kept when nobody reads from them, that of the stream's end included. */
  readonly maxCursors: number;
  /** How old what is known of the oldest offset may be, in milliseconds. */
  readonly maxStartAgeMs: number;
}

/** What a read of a stream gives, as `Fetched` of the log's broker has it. */
export interface FetchedMessages<Placed> {
  readonly records: readonly Placed[];
  readonly start: number;
  readonly end: number;
}

/** How often a read begins anew because its consumer was ended under it, or others have read on with it. */
const maxTries = 3;

/**
 * Reads one stream for a node. Whoever reads on where somebody read before goes on with that consumer: the one reader at
 * the stream's end has one that runs all the time, and a pass over what is old has one while it lasts.
 */
export class StreamReader<Placed extends { readonly offset: number }> {
  readonly #connection: PacedConnection;
  readonly #declaration: StreamDeclaration;
  readonly #limits: StreamReaderLimits;
  readonly #ports: BrokerPorts;
  readonly #backoff: Backoff;
  readonly #reading: MessageReading<Placed>;
  /** The one that was used longest ago first. */
  #cursors: readonly StreamCursor<Placed>[] = [];
  #start = 1;
  #startReadAt = -Infinity;

  constructor(
    connection: PacedConnection,
    declaration: StreamDeclaration,
    limits: StreamReaderLimits,
    ports: BrokerPorts,
    reading: MessageReading<Placed>,
  ) {
    this.#reading = reading;
    this.#connection = connection;
    this.#declaration = declaration;
    this.#limits = limits;
    this.#ports = ports;
    this.#backoff = new Backoff(limits, ports);
  }

  /** As `Broker.fetch` says. Rejects with `log-unavailable`, or `log-foreign` when the stream is not what it was. */
  async fetch(offset: number, maxCount: number, waitMs: number): Promise<FetchedMessages<Placed>> {
    const from = Math.max(1, offset);
    try {
      for (let tries = 1; tries < maxTries; tries += 1) {
        const known = tries === 1 ? this.#cursors.find((cursor) => cursor.covers(from)) : undefined;
        // A consumer that was ended may be the sign of a change, for which nobody has to wait.
        const fetched = await this.#fetch(known, from, maxCount, tries === 1 ? waitMs : 0);
        if (fetched !== undefined) return fetched;
      }
      throw unavailable(`consumers of ${this.#declaration.name} are ended as soon as they begin`);
    } catch (error) {
      if (error instanceof HawserError) throw error;
      throw unavailable(`RabbitMQ did not show ${this.#declaration.name}`, error);
    }
  }

  close(): void {
    for (const cursor of this.#cursors) cursor.close();
    this.#cursors = [];
  }

  /**
   * `undefined`: the consumer was ended meanwhile, or somebody who stands further on has read with it, so that it has let go of what was
   * asked for.
   *
   * @param known has what was asked for; without, a consumer is made, which is nobody else's as long as this lasts.
   */
  async #fetch(
    known: StreamCursor<Placed> | undefined,
    asked: number,
    maxCount: number,
    waitMs: number,
  ): Promise<FetchedMessages<Placed> | undefined> {
    const cursor = known ?? (await this.#open(asked, maxCount));
    cursor.uses += 1;
    try {
      await this.#refreshStart();
      const from = Math.max(asked, this.#start);
      cursor.skipTo(from);
      // As long as it has less than its prefetch, it has credit: what the broker has more would be here.
      const count = Math.min(maxCount, cursor.prefetch - 1);
      // One that has just begun is not waited for: what was asked for is there, or the stream is not what it was.
      if (known !== undefined && waitMs > 0) await cursor.arrival(from, waitMs);
      // An answer at once is exact, and so is one of a consumer that has yet to be given what was there long ago: nobody is to think that
      // all is seen when it is still on its way.
      const mayLack = known !== undefined && (waitMs === 0 || cursor.mayHaveMore);
      if (mayLack && !cursor.ended && cursor.count(from) <= count) await cursor.settled();
      if (!cursor.covers(from)) return undefined;
      const records = cursor.take(from, count);
      const end = cursor.last === 0 ? await this.#end() : cursor.last;
      // Nobody who reads there will ever be given anything: the stream is shorter than that.
      if (cursor.last === 0 && from > end + 1) cursor.close();
      return { records, start: this.#start, end };
    } finally {
      cursor.uses -= 1;
      this.#keep(cursor);
    }
  }

  async #open(from: number, maxCount: number): Promise<StreamCursor<Placed>> {
    const prefetch = Math.min(this.#limits.prefetch, Math.max(maxCount + 1, 64));
    // Whatever made a new consumer necessary may have changed that as well.
    this.#startReadAt = -Infinity;
    return this.#cursor(from, prefetch);
  }

  #keep(cursor: StreamCursor<Placed>): void {
    const others = this.#cursors.filter((other) => other !== cursor && !other.ended);
    this.#cursors = cursor.ended ? others : [...others, cursor];
    for (const idle of this.#cursors.filter(({ uses }) => uses === 0)) {
      if (this.#cursors.length <= this.#limits.maxCursors) return;
      idle.close();
      this.#cursors = this.#cursors.filter((other) => other !== idle);
    }
  }

  async #refreshStart(): Promise<void> {
    const now = this.#ports.clock.monotonic();
    if (now - this.#startReadAt < this.#limits.maxStartAgeMs) return;
    const [first] = await this.#probe("first");
    this.#start = first ?? 1;
    this.#startReadAt = now;
  }

  async #end(): Promise<number> {
    const offsets = await this.#probe("last");
    return offsets.at(-1) ?? this.#start - 1;
  }

  /** The offsets of the first or last few records that the stream has. */
  async #probe(at: "first" | "last"): Promise<readonly number[]> {
    // The last ones come as a chunk, which is given whole.
    const prefetch = at === "first" ? 1 : this.#limits.prefetch;
    const cursor = await this.#cursor(at, prefetch);
    const offsets = cursor.take(1, Infinity).map(({ offset }) => offset);
    cursor.close();
    return offsets;
  }

  async #cursor(at: number | "first" | "last", prefetch: number): Promise<StreamCursor<Placed>> {
    await this.#backoff.pause();
    const model = await this.#connection.model();
    try {
      const cursor = await StreamCursor.open(model, this.#declaration, at, prefetch, this.#ports.timers, this.#reading);
      this.#backoff.succeeded();
      return cursor;
    } catch (error) {
      this.#backoff.failed();
      throw error;
    }
  }
}
