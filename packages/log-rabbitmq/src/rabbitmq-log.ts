import type { Log } from "@hawser/log";
import { brokerLog, brokerLogDefaults, LogWithBound } from "@hawser/log/broker";
import type { BrokerLogSettings } from "@hawser/log/broker";
import { HawserError } from "@hawser/protocol";
import { compileBindings } from "./bindings/bindings.ts";
import type { RabbitmqBinding } from "./bindings/bindings.ts";
import { streamBindings } from "./bindings/bound-streams.ts";
import { connectionSettings } from "./connection-options.ts";
import { rabbitmqSource } from "./rabbitmq-source.ts";
import type { RabbitmqSourceOptions } from "./rabbitmq-source.ts";

/** A broker that is slow for a moment must not be sent everything again: what it was sent, it has, unless the connection ended. */
const retryMs = 1_000;

/** Each message has as many offsets as it may hold records, most of which are none where little is published at a time. */
const blockOffsets = 4_000;

/** Options of `rabbitmqLog`: those of the broker, and those of every log over a broker that can only order, of which `retryMs` is 1,000 and `blockOffsets` 4,000. */
export interface RabbitmqLogOptions
  extends RabbitmqSourceOptions, Omit<BrokerLogSettings, "minBackoffMs" | "maxBackoffMs"> {
  /** Streams that other programs write, as channels. The first whose pattern names a channel has it. */
  readonly bindings?: readonly RabbitmqBinding[];
  /** Such streams that a node reads at a time; past it `overloaded`. Default 200. */
  readonly maxBoundStreams?: number;
  /** Channels of one of them that are followed at a time; past it `overloaded`. Default 10,000. */
  readonly maxBoundFollowed?: number;
  /** Messages of one of them that a page of a channel's history looks through. Default 10,000. */
  readonly maxBoundScan?: number;
}

const boundDefaults = { maxBoundStreams: 200, maxBoundFollowed: 10_000, maxBoundScan: 10_000 };

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
  const own = brokerLog({ retryMs, blockOffsets, ...options, source: rabbitmqSource(options) });
  if (options.bindings === undefined || options.bindings.length === 0) return own;
  const connection = connectionSettings(options);
  const { maxUnconfirmed = 20_000, maxUnconfirmedBytes = 64 << 20, confirmTimeoutMs = 10_000 } = options;
  const { minBackoffMs, maxBackoffMs } = connection;
  const limits = {
    ...boundDefaults,
    prefetch: options.prefetch ?? 1_000,
    publisher: {
      maxUnconfirmed,
      maxUnconfirmedBytes,
      confirmTimeoutMs,
      recordsPerMessage: 1,
      minBackoffMs,
      maxBackoffMs,
    },
    settings: { ...brokerLogDefaults, retryMs, ...options, minBackoffMs, maxBackoffMs },
  };
  for (const name of ["maxBoundStreams", "maxBoundFollowed", "maxBoundScan"] as const) {
    const value = options[name] ?? limits[name];
    if (!Number.isSafeInteger(value) || value < 1) throw new HawserError("option-invalid", `\`${name}\` is 1 or more`);
    limits[name] = value;
  }
  const bind = compileBindings(options.bindings, options.maxPayloadBytes);
  return new LogWithBound(own, streamBindings({ bind, connection, limits }));
}
