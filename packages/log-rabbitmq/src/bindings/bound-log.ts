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
import { HawserError } from "@hawser/protocol";
import type { ConnectionSettings } from "../connection-options.ts";
import { PacedConnection } from "../paced-connection.ts";
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
}

interface Open {
  readonly connection: PacedConnection;
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
    this.#open = { connection: new PacedConnection(this.#settings, ports, "bindings"), ports, streams: new Map() };
  }

  async append(appends: readonly Append[]): Promise<readonly AppendOutcome[]> {
    const own = appends.filter(({ channel }) => this.#bind(channel) === undefined);
    const outcomes = (await this.#own.append(own)).values();
    return appends.map(({ channel }) =>
      this.#bind(channel) === undefined ? outcomes.next().value! : readOnly(channel),
    );
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
    await open?.connection.close();
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

  #create({ connection, ports, streams }: Open, { stream: name, read }: BoundTo): BoundStream {
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
    return new BoundStream({ name, reader, epochs, ports, maxFollowed: maxBoundFollowed, maxScan: maxBoundScan });
  }
}

function readOnly(channel: string): AppendOutcome {
  return { kind: "failed", code: "log-full", message: `channel ${channel} is bound to be read only` };
}
