import type { Durability } from "@hawser/log";
import { HawserError } from "@hawser/protocol";

/** What the topic is made with where it is not there, and held against where it is; sizes in bytes, ages in milliseconds. */
export interface TopicSettings {
  /** Partitions over which channels are spread. They stay as they were when the log was made. Default 1, or what the address says. */
  readonly partitions?: number;
  /** Brokers that keep a copy, at least. Default: the cluster's `default.replication.factor`. */
  readonly replicationFactor?: number;
  /** `min.insync.replicas`: copies that there are, at least, of what was acknowledged. Default: the cluster's. */
  readonly minInSyncReplicas?: number;
  /** `retention.ms` of a topic that is made: older segments go. Default: unlimited. */
  readonly retentionMs?: number;
  /** `retention.bytes` of a topic that is made, for each partition. Default: unlimited. */
  readonly retentionBytes?: number;
  /** `segment.bytes` of a topic that is made: what goes at once. Kafka's default is 1 GiB. */
  readonly segmentBytes?: number;
  /** `max.message.bytes` of a topic that is made; an existing one's counts. Default 8 MiB. */
  readonly maxMessageBytes?: number;
  /** Whether a topic that is not there is made. Default true. */
  readonly create?: boolean;
}

/** A topic as it is set, all its defaults included. */
export interface TopicFacts {
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly minInSyncReplicas: number;
  readonly uncleanElections: boolean;
  readonly compacted: boolean;
  readonly maxMessageBytes: number;
  /** `flush.messages` is 1: a broker flushes what it writes before it says so. */
  readonly flushed: boolean;
}

/** The configuration of a topic that is made. Its times are the broker's, so that nodes' clocks do not count. */
export function topicConfiguration(
  settings: TopicSettings,
): readonly { readonly name: string; readonly value: string }[] {
  const {
    minInSyncReplicas,
    retentionMs = -1,
    retentionBytes = -1,
    segmentBytes,
    maxMessageBytes = 8 << 20,
  } = settings;
  const values: Readonly<Record<string, string | number | undefined>> = {
    "cleanup.policy": "delete",
    "message.timestamp.type": "LogAppendTime",
    "unclean.leader.election.enable": "false",
    "max.message.bytes": maxMessageBytes,
    "retention.ms": retentionMs,
    "retention.bytes": retentionBytes,
    "min.insync.replicas": minInSyncReplicas,
    "segment.bytes": segmentBytes,
  };
  return Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [{ name, value: `${value}` }]));
}

/**
 * Reads what Kafka says of a topic's configuration.
 *
 * @param replicas of each partition.
 */
export function topicFacts(replicas: readonly number[], configuration: ReadonlyMap<string, string>): TopicFacts {
  return {
    partitions: replicas.length,
    replicationFactor: Math.min(...replicas),
    minInSyncReplicas: Number(configuration.get("min.insync.replicas") ?? 1),
    uncleanElections: configuration.get("unclean.leader.election.enable") === "true",
    compacted: (configuration.get("cleanup.policy") ?? "").includes("compact"),
    maxMessageBytes: Number(configuration.get("max.message.bytes") ?? 1_048_588),
    flushed: configuration.get("flush.messages") === "1",
  };
}

/**
 * What an acknowledged append outlives as the topic is set. `commit`: the processes of all brokers, and the loss of as many
 * machines as `min.insync.replicas` leaves; not where a broker that lacks it may be elected. `flush`: the power of all machines,
 * only where each message is flushed.
 */
export function keptDurabilities({ uncleanElections, replicationFactor, flushed }: TopicFacts): readonly Durability[] {
  if (uncleanElections && replicationFactor > 1) return ["memory"];
  return flushed ? ["memory", "commit", "flush"] : ["memory", "commit"];
}

/**
 * Holds a topic against what is asked for.
 *
 * @throws HawserError `log-foreign` for a topic that is none of a log or has another number of partitions; `option-invalid` where
 *   it keeps less than was asked for.
 */
export function holdTopic(
  topic: string,
  facts: TopicFacts,
  settings: TopicSettings & { readonly partitions: number },
  durabilities: readonly Durability[],
): void {
  const { partitions } = settings;
  if (facts.partitions !== partitions) {
    throw foreign(`the topic ${topic} has ${facts.partitions} partitions, and \`partitions\` says ${partitions}`);
  }
  holdKept(topic, facts, settings, durabilities);
}

/**
 * Holds what a topic keeps against what is asked for: what may change while a log is open.
 *
 * @throws HawserError as {@link holdTopic} does.
 */
export function holdKept(
  topic: string,
  facts: TopicFacts,
  { replicationFactor = 1, minInSyncReplicas = 1 }: TopicSettings,
  durabilities: readonly Durability[],
): void {
  if (facts.compacted) throw foreign(`the topic ${topic} is compacted, which takes records out of a log`);
  if (facts.replicationFactor < replicationFactor) {
    throw invalid(
      `the topic ${topic} has ${facts.replicationFactor} replicas, and \`replicationFactor\` says ${replicationFactor}`,
    );
  }
  if (facts.minInSyncReplicas < minInSyncReplicas) {
    throw invalid(
      `the topic ${topic} has a min.insync.replicas of ${facts.minInSyncReplicas}, and \`minInSyncReplicas\` says ${minInSyncReplicas}`,
    );
  }
  if (facts.minInSyncReplicas > facts.replicationFactor) {
    throw invalid(`the topic ${topic} takes nothing: its min.insync.replicas is larger than its number of replicas`);
  }
  const kept = new Set(keptDurabilities(facts));
  for (const durability of durabilities) {
    if (kept.has(durability)) continue;
    const why = durability === "flush" ? "its flush.messages is not 1" : "its unclean.leader.election.enable is true";
    throw invalid(`the topic ${topic} does not keep the durability ${durability}: ${why}`);
  }
}

function foreign(message: string): HawserError {
  return new HawserError("log-foreign", message);
}

function invalid(message: string): HawserError {
  return new HawserError("option-invalid", message);
}
