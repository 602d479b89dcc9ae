import type { Durability } from "@hawser/log";
import { compileKey, refusal } from "@hawser/log/broker";
import type { BoundPartition, BoundTopic, BoundWriter, BrokerPorts, TopicBinding } from "@hawser/log/broker";
import type { Payload } from "@hawser/protocol";
import { Cluster } from "../cluster.ts";
import type { TopicDescription } from "../cluster.ts";
import { connectionSettings } from "../connection-options.ts";
import { unavailable } from "../kafka-error.ts";
import type { KafkaSourceOptions } from "../kafka-source.ts";
import { LeaderLane } from "../leader-lane.ts";
import { lookAtTopic } from "../open-topic.ts";
import { PartitionReader } from "../partition-reader.ts";
import { PartitionWriter } from "../partition-writer.ts";
import { holdKept } from "../topic-settings.ts";
import { boundRecords, markedMessage } from "./bound-records.ts";
import { partitionBy } from "./partitioner.ts";
import type { KafkaPartitioner } from "./partitioner.ts";

export type { KafkaPartitioner } from "./partitioner.ts";

/** A topic that other programs write, as channels: the records of one key are one channel. */
export interface KafkaBinding {
  /** The channels, as in policies: `orders.{id}`. */
  readonly pattern: string;
  /** The topic, which has to exist. */
  readonly topic: string;
  /** The key of a channel's records, with the same names in braces: `order-{id}`. Default: the pattern's only name. */
  readonly key?: string;
  /**
   * Whether clients publish into it too: `both`. A published message is a record with the channel's key, its payload as it is and the headers of
   * `markHeaders`; of one whose outcome was in doubt other programs may see several copies, the channel has one. Default `read`.
   */
  readonly mode?: "read" | "both";
  /** What the records hold. What is not of this kind is a hole. Default `text`. */
  readonly kind?: Payload["kind"];
  /** How its writers choose the partition of a key. Default `java`. */
  readonly partitioner?: KafkaPartitioner;
  /** Values that are larger are holes, in bytes. Default 1 MiB. */
  readonly maxValueBytes?: number;
}

/** The binding for `withTopics`. Throws `option-invalid`. */
export function kafkaBinding(binding: KafkaBinding, options: KafkaSourceOptions): TopicBinding {
  const { pattern, topic, key, mode = "read", kind = "text", partitioner = "java", maxValueBytes = 1 << 20 } = binding;
  const connection = connectionSettings(options);
  const { fetchBytes = 1 << 20, maxWaitingBytes = 64 << 20, durabilities = ["memory", "commit"] } = options;
  const rule = { kind, maxPayloadBytes: maxValueBytes };
  const partitionOf = partitionBy(partitioner);

  return {
    // A cluster has no two topics whose names differ in that alone.
    name: `kafka-${topic.replaceAll(".", "_")}`,
    keyOf: compileKey(pattern, key),
    open: async (ports: BrokerPorts): Promise<BoundTopic> => {
      const cluster = new Cluster(connection, topic, ports);
      const lanes: LeaderLane[] = [];
      const close = (): void => {
        for (const lane of lanes) lane.close();
        cluster.close();
      };
      const lane = (partition: number): LeaderLane => {
        const made = new LeaderLane(connection, cluster, partition, ports);
        lanes.push(made);
        return made;
      };
      const found = await lookedAt(cluster, topic, mode, durabilities).catch((error: unknown) => {
        close();
        throw error;
      });
      const { topicId, maxMessageBytes } = found;
      const warned = new Set<number>();
      const maxWaitMs = Math.ceil(connection.requestTimeoutMs / 2);
      const view = {
        isCommitted: true,
        recordsOf: ({ records, abortedTransactions }: Parameters<PartitionReaderView>[0]) =>
          boundRecords(records ?? [], abortedTransactions, rule),
      };
      const writerOf = (own: LeaderLane, partition: number, maxBatchBytes: number): BoundWriter => {
        const limits = { maxBatchBytes, maxWaitingBytes, timeoutMs: maxWaitMs };
        const writer = new PartitionWriter(
          own,
          { topic, partition, topicId, ...limits, messageOf: markedMessage },
          ports,
        );
        const maxPayloadBytes = Math.min(maxValueBytes, maxBatchBytes - headroomBytes);
        return {
          origin: `${topicId}/${partition}`,
          produce: (records) => writer.produce(records),
          refuse: (payload) => refusal(payload, { kind, maxPayloadBytes }),
        };
      };
      const partitions = found.partitions.map((_, partition): BoundPartition => {
        const reading = { topic, partition, fetchBytes, maxWaitMs, view, topicId };
        const reader = new PartitionReader(lane(partition), lane(partition), reading);
        const writer =
          maxMessageBytes === undefined ? undefined : writerOf(lane(partition), partition, maxMessageBytes);
        return { fetch: (offset, maxCount, waitMs) => reader.fetch(offset, maxCount, waitMs), writer };
      });
      return {
        identity: identityOf(found),
        partitions,
        partitionOf: (text) => partitionOf(Buffer.from(text), partitions.length),
        identify: async () => identityOf(await described(cluster, topic)),
        onMisplaced: (text, partition) => {
          // Once for each: a topic that is written with another partitioner has as many as it has records.
          if (warned.has(partition)) return;
          warned.add(partition);
          const place = `partition ${partition} of the topic ${topic}`;
          process.emitWarning(`${place} has records of the key ${text}, which is not its own: see \`partitioner\``);
        },
        close,
      };
    },
  };
}

type PartitionReaderView = ConstructorParameters<typeof PartitionReader>[2]["view"]["recordsOf"];

/** What a record's key and headers and a batch's own take beside a payload, at most. */
const headroomBytes = 8_192;

interface FoundTopic extends TopicDescription {
  /** `undefined`: it is only read. */
  readonly maxMessageBytes: number | undefined;
}

/** Throws `log-foreign` or `option-invalid` for a topic that is written and does not keep what is acknowledged. */
async function lookedAt(
  cluster: Cluster,
  topic: string,
  mode: "read" | "both",
  durabilities: readonly Durability[],
): Promise<FoundTopic> {
  const found = await described(cluster, topic);
  if (mode === "read") return { ...found, maxMessageBytes: undefined };
  const facts = await lookAtTopic(cluster, topic);
  if (facts === undefined) throw unavailable(`there is no topic ${topic}`);
  holdKept(topic, facts, {}, durabilities);
  return { ...found, maxMessageBytes: facts.maxMessageBytes };
}

async function described(cluster: Cluster, topic: string): Promise<TopicDescription> {
  const found = await cluster.find();
  if (found === undefined || found.partitions.length === 0) throw unavailable(`there is no topic ${topic}`);
  return found;
}

/** With other partitions, keys lie elsewhere. */
function identityOf({ topicId, partitions }: TopicDescription): string {
  return `${topicId}/${partitions.length}`;
}
