import { HawserError } from "@hawser/protocol";
import type { Channel } from "amqplib";

/** What a stream is to be, as RabbitMQ names it; sizes in bytes, ages in milliseconds. */
export interface StreamSettings {
  /** `x-max-length-bytes`: the oldest segments go when a stream is larger. Default: unlimited. */
  readonly maxBytes?: number;
  /** `x-max-age`, in whole seconds on the broker: segments older than that go. Default: unlimited. */
  readonly maxAgeMs?: number;
  /** `x-stream-max-segment-size-bytes`: what goes at once. RabbitMQ's default is 500,000,000. */
  readonly segmentBytes?: number;
  /**
   * `x-initial-cluster-size`: on how many nodes a new stream is kept. One that has fewer is refused where `management` says so. RabbitMQ's
   * default: on all there are.
   */
  readonly replicas?: number;
  /** `x-queue-leader-locator`: which node leads a new stream. RabbitMQ's default is `client-local`. */
  readonly leaderLocator?: "client-local" | "balanced" | "least-leaders";
}

/** The arguments of its declaration. */
export function streamArguments(settings: StreamSettings): Record<string, string | number> {
  const { maxBytes, maxAgeMs, segmentBytes, replicas, leaderLocator } = settings;
  return {
    "x-queue-type": "stream",
    ...(maxBytes === undefined ? {} : { "x-max-length-bytes": maxBytes }),
    ...(maxAgeMs === undefined ? {} : { "x-max-age": `${Math.ceil(maxAgeMs / 1_000)}s` }),
    ...(segmentBytes === undefined ? {} : { "x-stream-max-segment-size-bytes": segmentBytes }),
    ...(replicas === undefined ? {} : { "x-initial-cluster-size": replicas }),
    ...(leaderLocator === undefined ? {} : { "x-queue-leader-locator": leaderLocator }),
  };
}

/** A stream as it is asked for. */
export interface StreamDeclaration {
  readonly name: string;
  /** `undefined`: it is there, and is somebody else's to make. */
  readonly arguments: Readonly<Record<string, string | number>> | undefined;
}

/**
 * The streams of so many partitions: one is called as the log is, several `NAME-0`, `NAME-1`, as the partitions of a super
 * stream are.
 */
export function partitionNames(stream: string, partitions: number): readonly string[] {
  if (partitions === 1) return [stream];
  return Array.from({ length: partitions }, (_, index) => `${stream}-${index}`);
}

/** The streams of which none may be there when the log has so many partitions: they would be those of another number. */
export function strangerNames(stream: string, partitions: number): readonly string[] {
  return partitions === 1 ? [`${stream}-0`] : [stream, `${stream}-${partitions}`];
}

/**
 * Makes the stream, or finds it as it is to be. It ends the channel when it throws.
 *
 * @throws HawserError `log-foreign` when there is a queue of that name with other settings, or none and it is not ours to make.
 */
export async function declareStream(channel: Channel, declaration: StreamDeclaration): Promise<void> {
  const { name, arguments: wanted } = declaration;
  try {
    if (wanted === undefined) await channel.checkQueue(name);
    else await channel.assertQueue(name, { durable: true, arguments: wanted });
  } catch (error) {
    const code = replyCode(error);
    if (code === replyCodes.preconditionFailed) {
      const why = error instanceof Error ? error.message : "";
      throw new HawserError("log-foreign", `the stream ${name} has other settings: ${why}`, { cause: error });
    }
    // One that is to be made is not found while the broker starts it, after it was started itself.
    if (code === replyCodes.notFound && wanted === undefined) {
      throw new HawserError("log-foreign", `there is no stream ${name}, and it is not to be made`, { cause: error });
    }
    throw error;
  }
}

/** AMQP 0-9-1's codes of what the broker refuses, section 1.8. */
export const replyCodes = { notFound: 404, preconditionFailed: 406 } as const;

/** The broker's code in an error of the client's. */
export function replyCode(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "number" ? error.code : undefined;
}
