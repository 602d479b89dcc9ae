import { HawserError } from "@hawser/protocol";
import { DiscardPolicy, JetStreamApiError, RetentionPolicy, StorageType } from "@nats-io/jetstream";
import type { JetStreamManager, StreamConfig, StreamInfo } from "@nats-io/jetstream";
import { nanos } from "@nats-io/transport-node";
import { unavailable } from "../connection/nats-connection.ts";
import type { NatsSettings } from "../nats-options.ts";
import { headerReserveBytes } from "../nats-settings.ts";
import { ownSubject } from "../message/subject.ts";

/** The name of a partition's stream. */
export function streamName(stream: string, partition: number): string {
  return `${stream}_${partition}`;
}

/**
 * Finds the streams of a log, and makes those that are missing. How many there are is written in each of them.
 *
 * @returns how many. Throws `log-foreign` for a stream that is not this log's, `option-invalid` for one that does not keep what
 * the options promise.
 */
export async function openStreams(manager: JetStreamManager, settings: NatsSettings): Promise<number> {
  const first = await findStream(manager, streamName(settings.stream, 0));
  const there = first === undefined ? undefined : partitionsOf(first, settings);
  const partitions = there ?? settings.partitions ?? 1;
  if (settings.partitions !== undefined && settings.partitions !== partitions) {
    refuse(`the log has ${partitions} partitions, and not ${settings.partitions}: another number is another log`);
  }
  for (let partition = 0; partition < partitions; partition += 1) {
    await ensureStream(manager, settings, partition, partitions);
  }
  return partitions;
}

/** Holds what the log's streams are set to now against what it promises. Throws as {@link openStreams} does; one that is gone is not made. */
export async function holdStreams(
  manager: JetStreamManager,
  settings: NatsSettings,
  partitions: number,
): Promise<void> {
  for (let partition = 0; partition < partitions; partition += 1) {
    const found = await findStream(manager, streamName(settings.stream, partition));
    if (found !== undefined) hold(found.config, settings, partition);
  }
}

/** The partition's stream, made when it is not there. Throws as {@link openStreams} does. */
export async function ensureStream(
  manager: JetStreamManager,
  settings: NatsSettings,
  partition: number,
  partitions: number,
): Promise<StreamInfo> {
  const name = streamName(settings.stream, partition);
  const found = (await findStream(manager, name)) ?? (await make(manager, settings, partition, partitions));
  if (partitionsOf(found, settings) !== partitions) foreign(name, "it is of a log with another number of partitions");
  hold(found.config, settings, partition);
  return found;
}

async function findStream(manager: JetStreamManager, name: string): Promise<StreamInfo | undefined> {
  try {
    return await manager.streams.info(name);
  } catch (error) {
    if (isStreamNotFound(error)) return undefined;
    throw unavailable(`NATS stream ${name}`, error);
  }
}

/** Whether the server says that there is no such stream. */
export function isStreamNotFound(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === streamNotFound;
}

async function make(
  manager: JetStreamManager,
  settings: NatsSettings,
  partition: number,
  partitions: number,
): Promise<StreamInfo> {
  const { stream, replicas, storage, maxAgeMs, maxBytes, maxMessages, discard } = settings;
  const name = streamName(stream, partition);
  const own = ownSubject(stream, partition);
  try {
    return await manager.streams.add({
      name,
      subjects: [own, `${own}.>`],
      description: descriptionOf(partition, partitions),
      retention: RetentionPolicy.Limits,
      storage: storage === "file" ? StorageType.File : StorageType.Memory,
      num_replicas: replicas,
      max_age: nanos(maxAgeMs),
      max_bytes: maxBytes ?? -1,
      max_msgs: maxMessages ?? -1,
      discard: discard === "old" ? DiscardPolicy.Old : DiscardPolicy.New,
      duplicate_window: nanos(Math.min(maxAgeMs, defaultDuplicateWindowMs)),
      allow_direct: true,
      // A hole in the middle would be a decision that readers who come later cannot repeat.
      deny_delete: true,
    });
  } catch (error) {
    // Another node may have made it at the same time.
    const found = await findStream(manager, name);
    if (found !== undefined) return found;
    throw unavailable(`NATS stream ${name} cannot be made`, error);
  }
}

/** Of how many partitions the log is, by the description of one of its streams. */
function partitionsOf({ config }: StreamInfo, { stream }: NatsSettings): number {
  const said = descriptionPattern.exec(config.description ?? "");
  if (said === null || !config.name.startsWith(`${stream}_`)) foreign(config.name, "it was not made by Hawser");
  return Number(said[1]);
}

function descriptionOf(partition: number, partitions: number): string {
  return `Hawser log, partition ${partition} of ${partitions}`;
}

/** Holds what a stream is set to against what the log promises. */
function hold(config: StreamConfig, settings: NatsSettings, partition: number): void {
  const { name } = config;
  const own = ownSubject(settings.stream, partition);
  const subjects = new Set(config.subjects);
  if (!subjects.has(own) || !subjects.has(`${own}.>`) || subjects.size !== 2) foreign(name, `its subjects are others`);
  if (config.mirror !== undefined || (config.sources ?? []).length > 0) foreign(name, "it copies other streams");
  if (config.retention !== RetentionPolicy.Limits) foreign(name, "its retention is not by limits");
  if (config.max_msgs_per_subject > 0) foreign(name, "it limits messages per subject, which makes holes");
  if (config.no_ack === true) foreign(name, "it does not acknowledge");
  if (config.sealed) foreign(name, "it is sealed");
  if (config.storage !== (settings.storage === "file" ? StorageType.File : StorageType.Memory)) {
    refuse(`stream ${name} is kept in ${config.storage}, and not in ${settings.storage}`);
  }
  if (config.num_replicas < settings.replicas) {
    refuse(`stream ${name} has ${config.num_replicas} replicas, and not ${settings.replicas}`);
  }
  if (settings.storage === "file" && String(config.persist_mode ?? "default") === "async") {
    refuse(`stream ${name} acknowledges before it has written (persist_mode async)`);
  }
  const takes = config.max_msg_size > 0 ? config.max_msg_size : Infinity;
  if (takes < settings.maxPayloadBytes + headerReserveBytes) {
    refuse(`stream ${name} takes messages of ${takes} bytes (max_msg_size): too few for maxPayloadBytes`);
  }
}

function foreign(name: string, why: string): never {
  throw new HawserError("log-foreign", `NATS stream ${name} is no log of Hawser's: ${why}`);
}

function refuse(what: string): never {
  throw new HawserError("option-invalid", `NATS: ${what}`);
}

/** The server's own default. */
const defaultDuplicateWindowMs = 120_000;
const descriptionPattern = /^Hawser log, partition \d+ of (\d+)$/;
/** `JSStreamNotFoundErr` of the server's `errors.json`. */
const streamNotFound = 10_059;
