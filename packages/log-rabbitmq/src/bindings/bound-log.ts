import type {
  Append,
  AppendOutcome,
  Follower,
  FollowHandlers,
  Head,
  Log,
  LogCapabilities,
  LogOpenOptions,
  Page,
  ReadOptions,
} from "@hawser/log";
import type { BrokerLogSettings, MarkedRecord } from "@hawser/log/broker";
import { HawserError } from "@hawser/protocol";
import type { ConnectionSettings } from "../connection-options.ts";
import { PacedConnection } from "../paced-connection.ts";
import { StreamPublisher } from "../stream-publisher.ts";
import type { StreamPublisherLimits } from "../stream-publisher.ts";
import { StreamReader } from "../stream-reader.ts";
import type { BoundTo } from "./bindings.ts";
import { BoundStream } from "./bound-stream.ts";
import { StreamEpochs } from "./stream-epochs.ts";

/** Limits of streams that others write. */
export interface BoundLimits {
  /** Streams that a node reads at a time. */
  readonly maxBoundStreams: number;
  /** Channels of one of them that are followed at a time. */
  readonly maxBoundFollowed: number;
  /** Messages that one page of a channel looks through. */
  readonly maxBoundScan: number;
  readonly prefetch: number;
  /** Of what is written into them. */
  readonly publisher: StreamPublisherLimits;
  readonly settings: Required<BrokerLogSettings>;
}

interface Open {
  readonly connection: PacedConnection;
  /** A broker that slows a publisher down stops to read from its connection, which must not stop what is read. */
  readonly publishing: PacedConnection;
  readonly publisher: StreamPublisher;
  readonly nextId: () => string;
  readonly ports: LogOpenOptions;
  /** By the stream, and for those with one channel that; the one that was used longest ago first. */
  readonly streams: Map<string, BoundStream>;
}

/** A log with channels beside its own: streams that others write. */
export class BoundLog implements Log {
  readonly capabilities: LogCapabilities;
  readonly #own: Log;
  readonly #bind: (channel: string) => BoundTo | undefined;
  readonly #settings: ConnectionSettings;
  readonly #limits: BoundLimits;
  #open: Open | undefined;

  constructor(
    own: Log,
    bind: (channel: string) => BoundTo | undefined,
    settings: ConnectionSettings,
    limits: BoundLimits,
  ) {
    this.capabilities = own.capabilities;
    this.#own = own;
    this.#bind = bind;
    this.#settings = settings;
    this.#limits = limits;
  }

  async open(ports: LogOpenOptions): Promise<void> {
    await this.#own.open(ports);
    const connection = new PacedConnection(this.#settings, ports, "bindings");
    const publishing = new PacedConnection(this.#settings, ports, "bindings, publishing");
    const publisher = new StreamPublisher(publishing, ports, this.#limits.publisher);
    const node = Buffer.from(ports.random.bytes(8)).toString("hex");
    let ids = 0;
    const nextId = (): string => `${node}-${(ids += 1)}`;
    this.#open = { connection, publishing, publisher, nextId, ports, streams: new Map() };
  }

  async append(appends: readonly Append[]): Promise<readonly AppendOutcome[]> {
    const own = this.#own.append(appends.filter(({ channel }) => this.#bind(channel) === undefined));
    const bound = appends.map((append) => this.#appendBound(append));
    const outcomes = (await own).values();
    return Promise.all(bound.map((outcome) => outcome ?? Promise.resolve(outcomes.next().value!)));
  }

  async head(channel: string): Promise<Head> {
    return this.#streamOf(channel)?.head() ?? this.#own.head(channel);
  }

  async read(channel: string, after: number, options: ReadOptions): Promise<Page> {
    return this.#streamOf(channel)?.read(channel, after, options) ?? this.#own.read(channel, after, options);
  }

  async readBackward(channel: string, through: number, options: ReadOptions): Promise<Page> {
    const stream = this.#streamOf(channel);
    return stream?.readBackward(channel, through, options) ?? this.#own.readBackward(channel, through, options);
  }

  async follow(channel: string, handlers: FollowHandlers): Promise<Follower> {
    return this.#streamOf(channel)?.follow(channel, handlers) ?? this.#own.follow(channel, handlers);
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    for (const stream of open?.streams.values() ?? []) stream.close();
    await this.#own.close();
    await Promise.all([open?.connection.close(), open?.publishing.close()]);
  }

  /** `undefined` for a channel of the log's own. */
  #appendBound(append: Append): Promise<AppendOutcome> | undefined {
    if (this.#bind(append.channel) === undefined) return undefined;
    return this.#appendTo(append).catch((error: unknown): AppendOutcome => ({
      kind: "failed",
      code: "log-unavailable",
      message: (error as Error).message,
    }));
  }

  async #appendTo(append: Append): Promise<AppendOutcome> {
    const stream = this.#streamOf(append.channel)!;
    if (stream.isWritten) await this.#open!.publisher.open();
    return stream.append(append);
  }

  #streamOf(channel: string): BoundStream | undefined {
    const bound = this.#bind(channel);
    if (bound === undefined) return undefined;
    if (this.#open === undefined) throw new HawserError("log-closed", "the log is not open");
    const { streams } = this.#open;
    const stream = streams.get(bound.stream) ?? this.#create(this.#open, bound);
    streams.delete(bound.stream);
    streams.set(bound.stream, stream);
    return stream;
  }

  #create(
    { connection, publisher, ports, streams, nextId }: Open,
    { stream: name, read, write }: BoundTo,
  ): BoundStream {
    const { maxBoundStreams, maxBoundFollowed, maxBoundScan, prefetch } = this.#limits;
    if (streams.size >= maxBoundStreams) {
      const idle = [...streams].find(([, stream]) => stream.isIdle);
      if (idle === undefined)
        throw new HawserError("overloaded", `stream ${name} is one past maxBoundStreams`, { retry: true });
      idle[1].close();
      streams.delete(idle[0]);
    }
    const { minBackoffMs, maxBackoffMs } = this.#settings;
    const limits = { prefetch, maxCursors: 2, maxStartAgeMs: 1_000, minBackoffMs, maxBackoffMs };
    const reader = new StreamReader(connection, { name, arguments: undefined }, limits, ports, {
      perMessage: 1,
      read: (message) => [read(message)].filter((one) => one !== undefined),
    });
    const epochs = new StreamEpochs(this.#own, `$bound.${name}`, ports);
    const writing = write && {
      nextId,
      settings: this.#limits.settings,
      writer: {
        origin: name,
        produce: (records: readonly MarkedRecord[]) => {
          const now = ports.clock.now();
          return publisher.publish(
            name,
            records.map((record) => write.messageOf(record, now)),
          );
        },
        refuse: write.refuse,
      },
    };
    const limit = { maxFollowed: maxBoundFollowed, maxScan: maxBoundScan };
    return new BoundStream({ name, reader, epochs, ports, ...limit, write: writing });
  }
}
