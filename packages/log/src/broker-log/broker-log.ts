import { assert, HawserError } from "@hawser/protocol";
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
import type { BrokerSource } from "../prefix/broker.ts";
import { brokerLogDefaults } from "./broker-log-options.ts";
import type { BrokerLogOptions, BrokerLogSettings } from "./broker-log-options.ts";
import { PartitionLog } from "./partition-log.ts";
import { partitionOf } from "./partition-of.ts";

type State =
  | { readonly kind: "new" }
  | { readonly kind: "open"; readonly partitions: readonly PartitionLog[] }
  | { readonly kind: "closed" };

/**
 * The log port over a broker that can order records and nothing else. A channel lies in one of its partitions, by
 * {@link partitionOf}; all nodes of a service share them. Whether a record counts is decided by those who read it
 * (`AcceptedPrefix`), alike on every node.
 *
 * An append without a producer is numbered by the node that takes it, so that a broker that doubles records, or answers
 * late, does not double it: it is remembered for `plainWindowMs`, as one producer for each node and channel.
 */
export function brokerLog(options: BrokerLogOptions): Log {
  return new BrokerLog(options);
}

class BrokerLog implements Log {
  readonly capabilities: LogCapabilities;
  readonly #source: BrokerSource;
  readonly #settings: Required<BrokerLogSettings>;
  #state: State = { kind: "new" };
  #ids = 0;

  constructor({ source, ...settings }: BrokerLogOptions) {
    this.#source = source;
    this.#settings = { ...brokerLogDefaults, ...settings };
    this.capabilities = {
      name: source.name,
      durabilities: source.durabilities,
      deduplicates: true,
      history: "scan",
      ephemeral: true,
    };
  }

  async open(open: LogOpenOptions): Promise<void> {
    assert(this.#state.kind === "new", "a log is opened once");
    // What a checkpoint holds is counted in about, so it stays well below what the broker takes.
    const maxCheckpointBytes = Math.min(this.#settings.maxCheckpointBytes, this.#source.maxPayloadBytes / 2);
    const settings = { ...this.#settings, maxCheckpointBytes };
    const node = Array.from(open.random.bytes(8), (byte) => byte.toString(16).padStart(2, "0")).join("");
    const nextId = (): string => `${node}-${(this.#ids += 1)}`;
    this.#state = { kind: "closed" };
    const brokers = await this.#source.open(open);
    const partitions = brokers.map((broker) => new PartitionLog({ broker, settings, open, nextId }));
    try {
      await Promise.all(partitions.map((partition) => partition.opened()));
    } catch (error) {
      for (const partition of partitions) partition.abandon();
      await this.#source.close();
      throw error;
    }
    this.#state = { kind: "open", partitions };
  }

  async append(appends: readonly Append[]): Promise<readonly AppendOutcome[]> {
    if (this.#state.kind !== "open") return appends.map(() => closedOutcome);
    const { partitions } = this.#state;
    const outcomes: AppendOutcome[] = Array.from(appends, () => closedOutcome);
    const places = new Map<PartitionLog, number[]>();
    for (const [place, { channel, payload }] of appends.entries()) {
      if (payload.data.byteLength > this.#source.maxPayloadBytes) {
        outcomes[place] = this.#tooLarge(payload.data.byteLength);
        continue;
      }
      const partition = partitions[partitionOf(channel, partitions.length)]!;
      const known = places.get(partition);
      if (known === undefined) places.set(partition, [place]);
      else known.push(place);
    }
    await Promise.all(
      Array.from(places, async ([partition, own]) => {
        const settled = await partition.append(own.map((place) => appends[place]!));
        for (const [index, place] of own.entries()) outcomes[place] = settled[index]!;
      }),
    );
    return outcomes;
  }

  async head(channel: string): Promise<Head> {
    return this.#partition(channel).head(channel);
  }

  async read(channel: string, after: number, options: ReadOptions): Promise<Page> {
    return this.#partition(channel).read(channel, after, options);
  }

  async readBackward(channel: string, through: number, options: ReadOptions): Promise<Page> {
    return this.#partition(channel).readBackward(channel, through, options);
  }

  async follow(channel: string, handlers: FollowHandlers): Promise<Follower> {
    return this.#partition(channel).follow(channel, handlers);
  }

  async close(): Promise<void> {
    const state = this.#state;
    this.#state = { kind: "closed" };
    if (state.kind !== "open") return;
    await Promise.all(state.partitions.map((partition) => partition.close()));
    await this.#source.close();
  }

  #partition(channel: string): PartitionLog {
    if (this.#state.kind !== "open") throw new HawserError("log-closed", "the log is not open");
    const { partitions } = this.#state;
    return partitions[partitionOf(channel, partitions.length)]!;
  }

  #tooLarge(bytes: number): AppendOutcome {
    const { name, maxPayloadBytes } = this.#source;
    const message = `a payload of ${bytes} bytes is larger than the ${maxPayloadBytes} that ${name} takes`;
    return { kind: "failed", code: "log-full", message };
  }
}

const closedOutcome: AppendOutcome = { kind: "failed", code: "log-unavailable", message: "the log is not open" };
