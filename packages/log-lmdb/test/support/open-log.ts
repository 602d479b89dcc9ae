import { onTestFinished } from "vitest";
import { lmdbLog } from "@hawser/log-lmdb";
import type { LmdbLogOptions } from "@hawser/log-lmdb";
import type { Append, Log, LogPolicy, ReadOptions } from "@hawser/log";
import { SteppedWorld } from "./stepped-world.ts";

export const everything: ReadOptions = { maxCount: 1_000_000, maxBytes: Number.MAX_SAFE_INTEGER };

/** Opens a log with one policy for all channels, by default one that keeps everything. */
export async function openLog(
  options: LmdbLogOptions,
  policy: Partial<LogPolicy> = {},
  world: SteppedWorld = new SteppedWorld(),
): Promise<Log> {
  const log = lmdbLog(options);
  const full: LogPolicy = {
    durability: "commit",
    retainCount: 1_000_000,
    retainBytes: 1e12,
    retainAgeMs: 1e12,
    deduplicateMs: 1e12,
    ...policy,
  };
  await log.open({ policyOf: () => full, clock: world.clock, timers: world.timers, random: world.random });
  onTestFinished(() => log.close());
  return log;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** An append of `producer-sequence`, as text; chained to the sequence before it. */
export function numbered(channel: string, producer: string, sequence: number): Append {
  return { ...plain(channel, `${producer}-${sequence}`), producer, sequence, previous: sequence - 1 };
}

export function plain(channel: string, text: string): Append {
  const payload = { kind: "text", data: encoder.encode(text) } as const;
  return { channel, producer: "", sequence: 0, previous: 0, payload, key: "", publisher: "" };
}

/** The texts of all entries. */
export async function textsOf(log: Log, channel: string): Promise<string[]> {
  const { entries } = await log.read(channel, 0, everything);
  return entries.map(({ payload }) => decoder.decode(payload?.data));
}
