import { onTestFinished } from "vitest";
import type { Append, Entry, FollowHandlers, Head, Log, LogPolicy } from "@hawser/log";
import { redisLog } from "@hawser/log-redis";
import type { RedisLogOptions } from "@hawser/log-redis";
import { systemPorts } from "@hawser/protocol";

const ports = systemPorts();
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A node's log, quick to come back, with one policy for all channels that by default keeps everything. */
export async function openRedisLog(
  port: number,
  policy: Partial<LogPolicy> = {},
  options: RedisLogOptions = {},
): Promise<Log> {
  const log = redisLog({
    url: `redis://127.0.0.1:${port}`,
    durabilities: ["memory"],
    minBackoffMs: 5,
    maxBackoffMs: 100,
    sweepIntervalMs: 100,
    ...options,
  });
  const full: LogPolicy = {
    durability: "memory",
    retainCount: 1_000_000,
    retainBytes: 1e12,
    retainAgeMs: 1e12,
    deduplicateMs: 1e9,
    ...policy,
  };
  await log.open({ policyOf: () => full, ...ports });
  onTestFinished(() => log.close());
  return log;
}

/** An append without numbers. */
export function plain(channel: string, text: string): Append {
  const payload = { kind: "text", data: encoder.encode(text) } as const;
  return { channel, producer: "", sequence: 0, previous: 0, payload, key: "", publisher: "" };
}

/** An append of `producer-sequence`, chained to the sequence before it. */
export function numbered(channel: string, producer: string, sequence: number): Append {
  return { ...plain(channel, `${producer}-${sequence}`), producer, sequence, previous: sequence - 1 };
}

/** What a follower was told. */
export interface Followed {
  readonly texts: string[];
  readonly heads: Head[];
  readonly floors: number[];
  readonly available: boolean[];
}

export async function follow(log: Log, channel: string): Promise<Followed> {
  const followed: Followed = { texts: [], heads: [], floors: [], available: [] };
  const handlers: FollowHandlers = {
    onEntries: (entries) => followed.texts.push(...entries.map(textOf)),
    onFloor: (floor) => followed.floors.push(floor),
    onEpoch: (head) => followed.heads.push(head),
    onAvailable: (available) => followed.available.push(available),
  };
  await log.follow(channel, handlers);
  return followed;
}

export async function textsOf(log: Log, channel: string): Promise<string[]> {
  const { entries } = await log.read(channel, 0, { maxCount: 1_000_000, maxBytes: 1e9 });
  return entries.map(textOf);
}

/** Waits until it holds; the test's own time bounds it. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise<void>((resolve) => void ports.timers.after(2, resolve));
}

function textOf({ payload }: Entry): string {
  return decoder.decode(payload?.data);
}
