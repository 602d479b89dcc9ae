import type { BrokerPorts } from "@hawser/log/broker";
import { HawserError } from "@hawser/protocol";
import { createTopicsV7, describeConfigsV4 } from "@platformatic/kafka";
import type { Cluster, TopicDescription } from "./cluster.ts";
import { kafkaCode, kafkaCodes, unavailable } from "./kafka-error.ts";
import { topicConfiguration, topicFacts } from "./topic-settings.ts";
import type { TopicFacts, TopicSettings } from "./topic-settings.ts";

/** Of Kafka's `ConfigResource`. */
const topicResource = 2;
/** How often a new topic is looked for, and the pause between, in milliseconds. */
const tries = { count: 200, pauseMs: 50 } as const;

/**
 * Finds the topic, or makes it, and says how it is set.
 *
 * @throws HawserError `log-foreign` when there is none and it is not ours to make; `log-unavailable`.
 */
export async function openTopic(
  cluster: Cluster,
  topic: string,
  settings: TopicSettings & { readonly partitions: number },
  ports: BrokerPorts,
): Promise<TopicFacts> {
  try {
    return await factsOf(cluster, topic, (await cluster.find()) ?? (await make(cluster, topic, settings, ports)));
  } catch (error) {
    throw error instanceof HawserError ? error : unavailable(`Kafka does not open the topic ${topic}`, error);
  }
}

/** How the topic is set now; `undefined` if there is none. Rejects when no broker answers. */
export async function lookAtTopic(cluster: Cluster, topic: string): Promise<TopicFacts | undefined> {
  const found = await cluster.find();
  return found === undefined ? undefined : factsOf(cluster, topic, found);
}

async function factsOf(cluster: Cluster, topic: string, { partitions }: TopicDescription): Promise<TopicFacts> {
  const configuration = await describe(cluster, topic);
  return topicFacts(
    partitions.map(({ replicas }) => replicas),
    configuration,
  );
}

async function make(
  cluster: Cluster,
  name: string,
  settings: TopicSettings & { readonly partitions: number },
  { timers }: BrokerPorts,
): Promise<TopicDescription> {
  if (settings.create === false) {
    throw new HawserError("log-foreign", `there is no topic ${name}, and it is not to be made`);
  }
  const wanted = {
    name,
    numPartitions: settings.partitions,
    replicationFactor: settings.replicationFactor ?? -1,
    assignments: [],
    configs: [...topicConfiguration(settings)],
  };
  await cluster
    .request((connection) => createTopicsV7.api.async(connection, [wanted], 10_000, false))
    .catch((error: unknown) => {
      // Another node was first.
      if (kafkaCode(error) !== kafkaCodes.topicExists) throw error;
    });
  // Brokers hear of a new topic one after the other.
  for (let count = 0; count < tries.count; count += 1) {
    const found = await cluster.find();
    const isLed = found?.partitions.every(({ leader }) => leader !== undefined);
    if (found !== undefined && found.partitions.length > 0 && isLed === true) return found;
    await new Promise<void>((resolve) => void timers.after(tries.pauseMs, resolve));
  }
  throw unavailable(`nobody leads the topic ${name}, which was made`);
}

async function describe(cluster: Cluster, topic: string): Promise<ReadonlyMap<string, string>> {
  const resources = [{ resourceType: topicResource, resourceName: topic }] as const;
  const { results } = await cluster.request((connection) =>
    describeConfigsV4.api.async(connection, [...resources], false, false),
  );
  return new Map((results[0]?.configs ?? []).map(({ name, value }) => [name, value ?? ""]));
}
