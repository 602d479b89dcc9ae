import type { Durability } from "@hawser/log";
import { SettingsWatch } from "@hawser/log/broker";
import type { Broker, BrokerPorts, BrokerSource, LogRecord } from "@hawser/log/broker";
import { HawserError } from "@hawser/protocol";
import { Cluster } from "./cluster.ts";
import { connectionSettings } from "./connection-options.ts";
import type { ConnectionSettings, KafkaConnectionOptions } from "./connection-options.ts";
import { toMessage } from "./kafka-record.ts";
import { LeaderLane } from "./leader-lane.ts";
import { lookAtTopic, openTopic } from "./open-topic.ts";
import { ownView, PartitionReader } from "./partition-reader.ts";
import { PartitionWriter } from "./partition-writer.ts";
import { holdKept, holdTopic } from "./topic-settings.ts";
import type { TopicFacts, TopicSettings } from "./topic-settings.ts";

/** Options of `kafkaSource`. */
export interface KafkaSourceOptions extends KafkaConnectionOptions, TopicSettings {
  /** Name of the topic, and of all channels that share it: one per service. Default "hawser", or what the address says. */
  readonly topic?: string;
  /**
   * What channels may ask for; opening is refused with `option-invalid` where the topic does not keep it. Default `memory` and
   * `commit`.
   */
  readonly durabilities?: readonly Durability[];
  /** Bytes of one answer of the broker's. Default 1 MiB. */
  readonly fetchBytes?: number;
  /** Bytes of a partition that Kafka has not acknowledged; past it `produce` rejects. Default 64 MiB. */
  readonly maxWaitingBytes?: number;
  /**
   * How often the topic is looked at again, in milliseconds: publishes fail with `log-unavailable` while it keeps less than was asked for.
   * Default 10,000.
   */
  readonly settingsIntervalMs?: number;
}

/**
 * Apache Kafka, 3.1 or later, as a broker for `brokerLog`.
 *
 * @throws HawserError `option-invalid`
 */
export function kafkaSource(options: KafkaSourceOptions): BrokerSource {
  return new KafkaSource(options);
}

/** What {@link describeTopic} and the source are asked for, with what was left out. */
interface WantedTopic extends TopicSettings {
  readonly topic: string;
  readonly partitions: number;
}

/** Finds the topic, or makes it, and says how it is set. Throws as `BrokerSource.open` does. */
export async function describeTopic(options: KafkaSourceOptions, ports: BrokerPorts): Promise<TopicFacts> {
  const connection = connectionSettings(options);
  const wanted = wantedTopic(options, connection);
  const cluster = new Cluster(connection, wanted.topic, ports);
  try {
    return await openTopic(cluster, wanted.topic, wanted, ports);
  } finally {
    cluster.close();
  }
}

interface Open {
  readonly cluster: Cluster;
  readonly lanes: readonly LeaderLane[];
  readonly watch: SettingsWatch;
}

class KafkaSource implements BrokerSource {
  readonly name = "kafka";
  readonly durabilities: readonly Durability[];
  readonly #options: KafkaSourceOptions;
  readonly #connection: ConnectionSettings;
  readonly #wanted: WantedTopic;
  #maxMessageBytes: number;
  #open: Open | undefined;

  constructor(options: KafkaSourceOptions) {
    this.#options = options;
    this.#connection = connectionSettings(options);
    this.#wanted = wantedTopic(options, this.#connection);
    this.#maxMessageBytes = options.maxMessageBytes ?? 8 << 20;
    this.durabilities = options.durabilities ?? ["memory", "commit"];
  }

  /** Until it is open, that of a topic that is made. */
  get maxPayloadBytes(): number {
    return Math.max(0, this.#maxMessageBytes - headroomBytes);
  }

  async open(ports: BrokerPorts): Promise<readonly Broker[]> {
    const { topic } = this.#wanted;
    const cluster = new Cluster(this.#connection, topic, ports);
    try {
      const facts = await openTopic(cluster, topic, this.#wanted, ports);
      holdTopic(topic, facts, this.#wanted, this.durabilities);
      this.#maxMessageBytes = facts.maxMessageBytes;
    } catch (error) {
      cluster.close();
      throw error;
    }
    const lanes: LeaderLane[] = [];
    const lane = (partition: number): LeaderLane => {
      const made = new LeaderLane(this.#connection, cluster, partition, ports);
      lanes.push(made);
      return made;
    };
    const watch = this.#watch(cluster, ports);
    this.#open = { cluster, lanes, watch };
    const { fetchBytes = 1 << 20, maxWaitingBytes = 64 << 20 } = this.#options;
    const timeoutMs = Math.ceil(this.#connection.requestTimeoutMs / 2);
    const partitions = Array.from({ length: this.#wanted.partitions }, (_, partition) => {
      const place = { topic, partition };
      const limits = { maxBatchBytes: this.#maxMessageBytes, maxWaitingBytes, timeoutMs };
      const writer = new PartitionWriter(lane(partition), { ...place, ...limits, messageOf: toMessage }, ports);
      const reading = { ...place, fetchBytes, maxWaitMs: timeoutMs, view: ownView };
      const reader = new PartitionReader(lane(partition), lane(partition), reading);
      return {
        produce: async (records: readonly LogRecord[]) => {
          watch.allowAppends();
          await writer.produce(records);
        },
        fetch: (offset: number, maxCount: number, waitMs: number) => reader.fetch(offset, maxCount, waitMs),
      };
    });
    try {
      await Promise.all(partitions.map((partition) => isLed(partition, ports)));
    } catch (error) {
      await this.close();
      throw error;
    }
    return partitions;
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    open?.watch.close();
    for (const lane of open?.lanes ?? []) lane.close();
    open?.cluster.close();
  }

  #watch(cluster: Cluster, ports: BrokerPorts): SettingsWatch {
    const { topic } = this.#wanted;
    return new SettingsWatch({
      ports,
      intervalMs: this.#options.settingsIntervalMs ?? 10_000,
      look: async () => {
        const facts = await lookAtTopic(cluster, topic);
        if (facts !== undefined) holdKept(topic, facts, this.#wanted, this.durabilities);
      },
      warn: (text) => process.emitWarning(`the log in Kafka ${text}`),
    });
  }
}

/** What a record's headers and a batch's own take beside a payload, at most. */
const headroomBytes = 8_192;
const maxPartitions = 256;
/** For a leader, when it is opened. */
const leaderWaitMs = 10_000;

/** Resolves when the partition is shown by its leader, who hears of a new topic later than others do. */
async function isLed(broker: Broker, { clock }: BrokerPorts): Promise<void> {
  const deadline = clock.monotonic() + leaderWaitMs;
  for (;;) {
    try {
      await broker.fetch(1, 1, 0);
      return;
    } catch (error) {
      // The next try is made after a pause.
      if (clock.monotonic() >= deadline) throw error;
    }
  }
}

function wantedTopic(options: KafkaSourceOptions, { address }: ConnectionSettings): WantedTopic {
  const partitions = options.partitions ?? address.partitions ?? 1;
  const replicationFactor = options.replicationFactor ?? address.replicationFactor;
  const minInSyncReplicas = options.minInSyncReplicas ?? address.minInSyncReplicas;
  if (!isWithin(partitions, maxPartitions))
    throw invalid(`\`partitions\` is a whole number from 1 to ${maxPartitions}`);
  for (const [name, value] of Object.entries({ replicationFactor, minInSyncReplicas })) {
    if (value !== undefined && !isWithin(value, 100)) throw invalid(`\`${name}\` is a whole number from 1 to 100`);
  }
  const topic = options.topic ?? address.topic ?? "hawser";
  // As Kafka's own check of a topic's name has it.
  if (!/^[\w.-]{1,249}$/.test(topic) || /^\.{1,2}$/.test(topic)) {
    throw invalid("`topic` is a name of letters, digits, dots, hyphens and underscores");
  }
  return {
    ...options,
    topic,
    partitions,
    ...(replicationFactor === undefined ? {} : { replicationFactor }),
    ...(minInSyncReplicas === undefined ? {} : { minInSyncReplicas }),
  };
}

function isWithin(value: number, most: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= most;
}

function invalid(message: string): HawserError {
  return new HawserError("option-invalid", message);
}
