export { brokerLog } from "../broker-log/broker-log.ts";
export type { BrokerLogOptions, BrokerLogSettings } from "../broker-log/broker-log-options.ts";
export { partitionOf } from "../broker-log/partition-of.ts";
export { carryRecord, readRecord, recordHeaders } from "./record-headers.ts";
export type { CarriedRecord } from "./record-headers.ts";
export type { Broker, BrokerPorts, BrokerSource, Fetched } from "../prefix/broker.ts";
export type { LogRecord, PlacedRecord } from "../prefix/log-record.ts";
export { Backoff } from "./backoff.ts";
export type { BackoffSettings } from "./backoff.ts";
