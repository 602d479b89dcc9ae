export { brokerLog } from "../broker-log/broker-log.ts";
export type { BrokerLogOptions } from "../broker-log/broker-log-options.ts";
export { FakeBroker } from "./fake-broker.ts";
export type { FakeBrokerConnection, FakeBrokerOptions, FaultRates } from "./fake-broker.ts";
