export { decideAppend } from "./deduplication/decide-append.ts";
export type { AppendDecision, LastAccepted } from "./deduplication/decide-append.ts";
export { ProducerTable } from "./deduplication/producer-table.ts";
export type { ProducerState, ProducerTableOptions } from "./deduplication/producer-table.ts";
export { RecentPositions } from "./deduplication/recent-positions.ts";
export type { RecentPosition } from "./deduplication/recent-positions.ts";
export { ChannelFeed } from "./follow/channel-feed.ts";
export type { FollowerErrorListener } from "./follow/channel-feed.ts";
export { FeedPump } from "./follow/feed-pump.ts";
export type {
  Append,
  AppendOutcome,
  Durability,
  Entry,
  EpochStart,
  Follower,
  FollowHandlers,
  Head,
  Log,
  LogCapabilities,
  LogOpenOptions,
  LogPolicy,
  Page,
  ReadOptions,
} from "./log.ts";
export { memoryLog } from "./memory/memory-log.ts";
export type { MemoryLogOptions } from "./memory/memory-log.ts";
export { AcceptedPrefix } from "./prefix/accepted-prefix.ts";
export type { AcceptedPrefixOptions, Verdict } from "./prefix/accepted-prefix.ts";
export type { Broker, Fetched } from "./prefix/broker.ts";
export { ColdStart } from "./prefix/cold-start.ts";
export type { ColdStartOptions, WarmStart } from "./prefix/cold-start.ts";
export type {
  AppendRecord,
  BeginRecord,
  ChannelSnapshot,
  CheckpointRecord,
  EpochRecord,
  LogRecord,
  PlacedRecord,
  PrefixSnapshot,
  RequestRecord,
} from "./prefix/log-record.ts";
export { mustTrim } from "./retention/must-trim.ts";
export type { RetentionStats } from "./retention/must-trim.ts";
