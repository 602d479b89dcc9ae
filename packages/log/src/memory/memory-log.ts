import { assert, HawserError, nextEpoch } from "@hawser/protocol";
import { FeedPump } from "../follow/feed-pump.ts";
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
} from "../log.ts";
import { Aging } from "./aging.ts";
import { MemoryChannel } from "./memory-channel.ts";
import type { MemoryChannelShared, Now } from "./memory-channel.ts";

/** Options of {@link memoryLog}: its limits, and its epoch. */
export interface MemoryLogOptions {
  /** Channels that ever had an entry, or have a follower. Past it appends to a new one fail with `log-full`. Default 1,000,000. */
  readonly maxChannels?: number;
  /** Payload bytes of all channels together. Past it appends fail with `log-full`. Default 1 GiB. */
  readonly maxBytes?: number;
  /** Producers that are remembered per channel; past it the one quiet longest is forgotten. Default 10,000. */
  readonly maxProducersPerChannel?: number;
  /** Sequences per producer and channel whose positions are remembered for duplicates. Default 64. */
  readonly maxRecentPositions?: number;
  /** The log's epoch, above all that its readers can have seen. Default: a new one, of the time and chance. */
  readonly epoch?: number;
  /** How often age is looked at, in milliseconds. Default 1,000. */
  readonly agingIntervalMs?: number;
  /** Entries that are trimmed, and producers that are forgotten, at most in one step of one channel. Default 4,096. */
  readonly maxTrimStep?: number;
}

type State =
  | { readonly kind: "new" }
  | {
      readonly kind: "open";
      readonly options: LogOpenOptions;
      readonly epoch: number;
      readonly shared: MemoryChannelShared;
      readonly aging: Aging<MemoryChannel>;
    }
  | { readonly kind: "closed" };

type Open = Extract<State, { kind: "open" }>;

/**
 * The log in the memory of one process: for tests, for development, and for channels whose messages need not outlive it.
 * Every instance is a new log, with one epoch for all its channels.
 *
 * @example
 * ```ts
 * const server = createServer({ log: memoryLog(), authenticate: anonymous() });
 * ```
 */
export function memoryLog(options: MemoryLogOptions = {}): Log {
  return new MemoryLog(options);
}

class MemoryLog implements Log {
  readonly capabilities: LogCapabilities = {
    name: "memory",
    durabilities: ["memory"],
    deduplicates: true,
    history: "indexed",
    ephemeral: true,
  };
  readonly #limits: Required<Omit<MemoryLogOptions, "epoch">>;
  readonly #epoch: number | undefined;
  readonly #channels = new Map<string, MemoryChannel>();
  readonly #pump = new FeedPump();
  #bytes = 0;
  #state: State = { kind: "new" };

  constructor(options: MemoryLogOptions) {
    this.#epoch = options.epoch;
    this.#limits = {
      maxChannels: options.maxChannels ?? 1_000_000,
      maxBytes: options.maxBytes ?? 1024 * 1024 * 1024,
      maxProducersPerChannel: options.maxProducersPerChannel ?? 10_000,
      maxRecentPositions: options.maxRecentPositions ?? 64,
      agingIntervalMs: options.agingIntervalMs ?? 1_000,
      maxTrimStep: options.maxTrimStep ?? 4_096,
    };
  }

  async open(options: LogOpenOptions): Promise<void> {
    assert(this.#state.kind === "new", "a log is opened once");
    const aging = new Aging<MemoryChannel>(
      { timers: options.timers, intervalMs: this.#limits.agingIntervalMs, maxVisits: 256 },
      (channel) => this.#trim(channel, options.clock.monotonic()),
    );
    const epoch = this.#epoch ?? nextEpoch(options.clock.now(), options.random, 0);
    const shared: MemoryChannelShared = {
      epoch,
      producers: {
        maxProducers: this.#limits.maxProducersPerChannel,
        maxRecentPositions: this.#limits.maxRecentPositions,
      },
      onFollowerError: (error, channel) => options.onFollowerError?.(error, channel),
    };
    this.#state = { kind: "open", options, epoch, shared, aging };
  }

  append(appends: readonly Append[]): Promise<readonly AppendOutcome[]> {
    // Decided before it returns: so overlapping calls take the order in which they were made.
    const state = this.#state;
    if (state.kind !== "open") return Promise.resolve(appends.map(() => closedOutcome));
    const now: Now = { time: state.options.clock.now(), moment: state.options.clock.monotonic() };
    return Promise.resolve(appends.map((append) => this.#appendOne(state, append, now)));
  }

  async head(name: string): Promise<Head> {
    const open = this.#requireOpen();
    const channel = this.#aged(open, name);
    return this.#headOf(open, channel);
  }

  async read(name: string, after: number, options: ReadOptions): Promise<Page> {
    const open = this.#requireOpen();
    return this.#aged(open, name)?.read(after, options) ?? emptyPage(open.epoch, after);
  }

  async readBackward(name: string, through: number, options: ReadOptions): Promise<Page> {
    const open = this.#requireOpen();
    return this.#aged(open, name)?.readBackward(through, options) ?? emptyPage(open.epoch, 0);
  }

  async follow(name: string, handlers: FollowHandlers): Promise<Follower> {
    const open = this.#requireOpen();
    const channel = this.#aged(open, name) ?? this.#create(open, name);
    if (channel === undefined)
      throw new HawserError("log-full", `channel ${name} is one past maxChannels`, { retry: true });
    return channel.join(handlers, this.#headOf(open, channel), () => {
      if (channel.unused) this.#channels.delete(name);
    });
  }

  async close(): Promise<void> {
    const state = this.#state;
    this.#state = { kind: "closed" };
    if (state.kind === "open") state.aging.stop();
    for (const channel of this.#channels.values()) channel.feed?.close();
    this.#pump.clear();
    this.#channels.clear();
    this.#bytes = 0;
  }

  #appendOne(open: Open, append: Append, now: Now): AppendOutcome {
    const size = append.payload.data.byteLength;
    if (this.#bytes + size > this.#limits.maxBytes) return fullOutcome("maxBytes");
    const channel = this.#channels.get(append.channel) ?? this.#create(open, append.channel);
    if (channel === undefined) return fullOutcome("maxChannels");
    const before = channel.bytes;
    const outcome = channel.append(append, now);
    this.#bytes += channel.bytes - before;
    this.#trim(channel, now.moment);
    open.aging.add(channel);
    if (channel.unused) this.#channels.delete(append.channel);
    return outcome;
  }

  /** Trims a bounded part of what is due; returns whether more may wait. */
  #trim(channel: MemoryChannel, moment: number): boolean {
    const before = channel.bytes;
    const more = channel.trim(moment, this.#limits.maxTrimStep);
    this.#bytes -= before - channel.bytes;
    if (channel.feed !== undefined) this.#pump.mark(channel.feed);
    return more;
  }

  /** The channel, trimmed by its age as of now. */
  #aged(open: Open, name: string): MemoryChannel | undefined {
    const channel = this.#channels.get(name);
    if (channel !== undefined) this.#trim(channel, open.options.clock.monotonic());
    return channel;
  }

  #create(open: Open, name: string): MemoryChannel | undefined {
    if (this.#channels.size >= this.#limits.maxChannels) return undefined;
    const channel = new MemoryChannel({ name, policy: open.options.policyOf(name), shared: open.shared });
    this.#channels.set(name, channel);
    return channel;
  }

  #headOf(open: Open, channel: MemoryChannel | undefined): Head {
    const { epoch } = open;
    return { epoch, floor: channel?.floor ?? 0, end: channel?.end ?? 0, lineage: [{ epoch, start: 0 }] };
  }

  #requireOpen(): Open {
    if (this.#state.kind !== "open") throw new HawserError("log-closed", "the log is not open");
    return this.#state;
  }
}

const closedOutcome: AppendOutcome = { kind: "failed", code: "log-unavailable", message: "the log is not open" };

function fullOutcome(limit: string): AppendOutcome {
  return { kind: "failed", code: "log-full", message: `the memory log has reached ${limit}` };
}

function emptyPage(epoch: number, at: number): Page {
  return { epoch, floor: 0, interval: { from: at, to: at }, entries: [], more: false };
}
