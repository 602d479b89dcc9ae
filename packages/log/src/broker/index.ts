export { carryRecord, readRecord, recordHeaders } from "./record-headers.ts";
export type { CarriedRecord } from "./record-headers.ts";
export type { Broker, BrokerPorts, BrokerSource, Fetched } from "../prefix/broker.ts";
export type { LogRecord, PlacedRecord } from "../prefix/log-record.ts";
