export type { KafkaBinding, KafkaPartitioner } from "./bindings/kafka-binding.ts";
export type { KafkaConnectionOptions, SaslMechanism } from "./connection-options.ts";
export { kafkaLog, kafkaLogAsSet } from "./kafka-log.ts";
export type { KafkaLogOptions } from "./kafka-log.ts";
export { kafkaSource } from "./kafka-source.ts";
export type { KafkaSourceOptions } from "./kafka-source.ts";
export type { TopicSettings } from "./topic-settings.ts";
