import type { Log } from "@hawser/log";
import { brokerLog, withTopics } from "@hawser/log/broker";
import type { BoundTopicSettings, BrokerLogSettings, BrokerPorts } from "@hawser/log/broker";
import { systemPorts } from "@hawser/protocol";
import { kafkaBinding } from "./bindings/kafka-binding.ts";
import type { KafkaBinding } from "./bindings/kafka-binding.ts";
import { describeTopic, kafkaSource } from "./kafka-source.ts";
import type { KafkaSourceOptions } from "./kafka-source.ts";
import { keptDurabilities } from "./topic-settings.ts";

/**
 * Sent again too early, appends would fill a broker that is slow with their copies: Kafka loses none while it is connected.
 */
const retryMs = 2_000;

/** Options of `kafkaLog`: those of the broker, and those of every log over a broker that can only order, of which `retryMs` is 2,000. */
export interface KafkaLogOptions
  extends KafkaSourceOptions, BoundTopicSettings, Omit<BrokerLogSettings, "minBackoffMs" | "maxBackoffMs"> {
  /** Topics of the same cluster that other programs write, as channels. Default: none. */
  readonly bindings?: readonly KafkaBinding[];
}

/**
 * A log that is kept in a topic of Apache Kafka, 3.1 or later. Channels share its partitions; all nodes of a service name the
 * same topic and number of partitions.
 *
 * An append is acknowledged when all replicas in sync have it and this node has read it back and accepted it.
 *
 * @throws HawserError `option-invalid`
 *
 * @example
 * ```ts
 * const server = createServer({ log: kafkaLog({ brokers: ["kafka-1", "kafka-2"], topic: "chat", partitions: 8 }), ... });
 * ```
 */
export function kafkaLog(options: KafkaLogOptions = {}): Log {
  const { bindings = [], ...others } = options;
  const own = brokerLog({ retryMs, ...others, source: kafkaSource(options) });
  return withTopics(own, { ...others, bindings: bindings.map((binding) => kafkaBinding(binding, options)) });
}

/**
 * `kafkaLog` with the durabilities that its topic is set to keep: it is looked at first, and made if it is not there. Channels that
 * ask for more are then refused by the server that uses the log.
 *
 * Throws as `kafkaLog` does, and `log-unavailable` where no broker answers.
 */
export async function kafkaLogAsSet(options: KafkaLogOptions = {}, ports: BrokerPorts = systemPorts()): Promise<Log> {
  return kafkaLog({ ...options, durabilities: keptDurabilities(await describeTopic(options, ports)) });
}
