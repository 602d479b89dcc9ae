export type { BindingKey, RabbitmqBinding } from "./bindings/bindings.ts";
export type { RabbitmqConnectionOptions } from "./connection-options.ts";
export { rabbitmqLog } from "./rabbitmq-log.ts";
export type { RabbitmqLogOptions } from "./rabbitmq-log.ts";
export { rabbitmqSource } from "./rabbitmq-source.ts";
export type { RabbitmqSourceOptions } from "./rabbitmq-source.ts";
export type { StreamSettings } from "./stream-settings.ts";
export { rabbitmqBridge } from "./bridge/rabbitmq-bridge.ts";
export type { IncomingRule, OutgoingRule, RabbitmqBridge, RabbitmqBridgeOptions } from "./bridge/bridge-options.ts";
