import { brokerLog, LogWithBound } from "@hawser/log/broker";
import type { BrokerLogSettings } from "@hawser/log/broker";
import type { Log } from "@hawser/log";
import { compileBinding } from "./bindings/bindings.ts";
import { subjectBindings } from "./bindings/bound-subjects.ts";
import { natsSettings } from "./nats-settings.ts";
import type { NatsOptions } from "./nats-options.ts";
import { natsSource } from "./nats-source.ts";

/** Options of {@link natsLog}: those of NATS, and those of every log over a broker. */
export interface NatsLogOptions extends NatsOptions, BrokerLogSettings {}

/**
 * A log on NATS JetStream: each of its partitions is a stream, each channel a subject in one of them. All nodes that open the
 * same `stream` on the same servers share its channels. Throws `option-invalid`.
 *
 * An append that was not seen is sent again after a second (`retryMs`): NATS loses none while it is connected.
 *
 * Opening rejects with `log-unavailable` when NATS does not answer, with `log-foreign` for streams that are not Hawser's, and
 * with `option-invalid` for streams and servers that are set to keep less than the options promise.
 *
 * @example
 * ```ts
 * const log = natsLog({ servers: ["nats-1:4222", "nats-2:4222"], stream: "chat", replicas: 3 });
 * ```
 */
export function natsLog(options: NatsLogOptions = {}): Log {
  const own = brokerLog({ retryMs: 1_000, ...options, source: natsSource(options) });
  const bindings = (options.bindings ?? []).map(compileBinding);
  return bindings.length === 0 ? own : new LogWithBound(own, subjectBindings(bindings, natsSettings(options)));
}
