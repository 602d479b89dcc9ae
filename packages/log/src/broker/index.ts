export { brokerLog } from "../broker-log/broker-log.ts";
export { brokerLogDefaults } from "../broker-log/broker-log-options.ts";
export type { BrokerLogOptions, BrokerLogSettings } from "../broker-log/broker-log-options.ts";
export { partitionOf } from "../broker-log/partition-of.ts";
export { carryRecord, readRecord, recordHeaders } from "./record-headers.ts";
export type { CarriedRecord } from "./record-headers.ts";
export type { Broker, BrokerPorts, BrokerSource, Fetched } from "../prefix/broker.ts";
export type { AppendRecord, LogRecord, PlacedRecord } from "../prefix/log-record.ts";
export { Backoff } from "./backoff.ts";
export type { BackoffSettings } from "./backoff.ts";
export { SettingsWatch } from "./settings-watch.ts";
export type { SettingsWatchOptions } from "./settings-watch.ts";
export { BoundFeeds } from "../bound/bound-feeds.ts";
export type { BoundFeed, BoundFeedsOptions, BoundFeedStart } from "../bound/bound-feeds.ts";
export { Condition } from "../bound/condition.ts";
export { boundRecord, refusal } from "../bound/bound-record.ts";
export type { ForeignMessage, PayloadRule } from "../bound/bound-record.ts";
export { compileTemplate, placeholders } from "../bound/channel-template.ts";
export { compileKey } from "../bound/key-template.ts";
export { LogWithBound, readOnly } from "../bound/log-with-bound.ts";
export type { Bindings, BoundPlace, BoundSource, OpenBindings } from "../bound/log-with-bound.ts";
export { nodeIds } from "../bound/node-ids.ts";
export { markHeaders, readMark } from "../bound/mark-headers.ts";
export type { MarkedRecord } from "../bound/mark-headers.ts";
export type {
  BoundPartition,
  BoundTopic,
  BoundTopicSettings,
  BoundWriter,
  TopicBinding,
} from "../bound/topic-binding.ts";
export { TopicAppends } from "../bound/topic-appends.ts";
export type { MarkedPartition, TopicAppendsOptions } from "../bound/topic-appends.ts";
export { WindowedPrefix, windowOffsets } from "../bound/windowed-prefix.ts";
export type { WindowedPrefixOptions } from "../bound/windowed-prefix.ts";
export { withTopics } from "../bound/with-topics.ts";
export type { TopicsOptions } from "../bound/with-topics.ts";
