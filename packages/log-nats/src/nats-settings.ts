import { HawserError } from "@hawser/protocol";
import type { NatsOptions, NatsSettings } from "./nats-options.ts";

/** What a record's headers and subject take of the server's `max_payload`, at most. */
export const headerReserveBytes = 48 * 1024;

/** Streams of one log at most. */
const maxPartitions = 1_024;

/** The options with their defaults. Throws `option-invalid`. */
export function natsSettings(options: NatsOptions): NatsSettings {
  const settings: NatsSettings = {
    stream: "hawser",
    replicas: 1,
    storage: "file",
    discard: "old",
    maxAgeMs: 7 * 24 * 3_600_000,
    maxPayloadBytes: 1024 * 1024 - headerReserveBytes - 1024,
    requestTimeoutMs: 5_000,
    connectTimeoutMs: 5_000,
    settingsIntervalMs: 10_000,
    maxReconnectMs: 2_000,
    maxBuffered: 1_024,
    maxBufferedBytes: 8 * 1024 * 1024,
    maxBoundFollowed: 10_000,
    maxBoundWaiting: 10_000,
    maxBoundLook: 10_000,
    name: "hawser",
    ...options,
  };
  const { stream, partitions, replicas, storage, flush } = settings;
  if (!/^[\w-]{1,200}$/.test(stream)) refuse(`stream "${stream}": letters, digits, - and _`);
  if (partitions !== undefined) integer("partitions", partitions, 1, maxPartitions);
  integer("replicas", replicas, 1, 5);
  if (storage === "memory" && flush !== undefined) refuse("flush: streams in memory reach no disk");
  for (const name of positive) {
    const value = settings[name];
    if (value !== undefined) integer(name, value, 1, Number.MAX_SAFE_INTEGER);
  }
  return settings;
}

const positive = [
  "maxAgeMs",
  "maxBytes",
  "maxMessages",
  "maxPayloadBytes",
  "requestTimeoutMs",
  "connectTimeoutMs",
  "settingsIntervalMs",
  "maxReconnectMs",
  "maxBuffered",
  "maxBufferedBytes",
  "maxBoundFollowed",
  "maxBoundWaiting",
  "maxBoundLook",
] as const;

function integer(name: string, value: number, from: number, to: number): void {
  if (!Number.isSafeInteger(value) || value < from || value > to) refuse(`${name} ${value}: from ${from} to ${to}`);
}

function refuse(what: string): never {
  throw new HawserError("option-invalid", `NATS: ${what}`);
}
