import type { Log } from "@hawser/log";
import { brokerLog } from "@hawser/log/broker";
import type { BrokerLogSettings } from "@hawser/log/broker";
import { rabbitmqSource } from "./rabbitmq-source.ts";
import type { RabbitmqSourceOptions } from "./rabbitmq-source.ts";

/** A broker that is slow for a moment must not be sent everything again: what it was sent, it has, unless the connection ended. */
const retryMs = 1_000;

/** Options of `rabbitmqLog`: those of the broker, and those of every log over a broker that can only order, of which `retryMs` is 1,000. */
export interface RabbitmqLogOptions
  extends RabbitmqSourceOptions, Omit<BrokerLogSettings, "minBackoffMs" | "maxBackoffMs"> {}

/**
 * A log that is kept in streams of RabbitMQ 3.9 or later. Channels share a stream, or the partitions that are asked for;
 * all nodes of a service name the same one.
 *
 * An append is acknowledged when the broker has confirmed it and this node has read it back and accepted it, so that it
 * outlives the processes of this node and of the broker, and the loss of a minority of the stream's replicas.
 *
 * @throws HawserError `option-invalid`
 *
 * @example
 * ```ts
 * const server = createServer({ log: rabbitmqLog({ url: "amqp://hawser:secret@rabbit-1,rabbit-2/production" }), ... });
 * ```
 */
export function rabbitmqLog(options: RabbitmqLogOptions = {}): Log {
  return brokerLog({ retryMs, ...options, source: rabbitmqSource(options) });
}
