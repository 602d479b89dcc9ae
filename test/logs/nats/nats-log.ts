import { onTestFinished } from "vitest";
import type { Append, Entry, Head, Log } from "@hawser/log";
import { natsLog } from "@hawser/log-nats";
import type { NatsLogOptions } from "@hawser/log-nats";
import { encodeText, strictTextOf, systemPorts } from "@hawser/protocol";

const ports = systemPorts();
const policy = {
  durability: "commit",
  retainCount: 1_000_000,
  retainBytes: 1e12,
  retainAgeMs: 1e12,
  deduplicateMs: 1e9,
} as const;

/** A node's log, open until the test ends. */
export async function openNatsLog(port: number, options: NatsLogOptions = {}): Promise<Log> {
  const log = natsLog({ servers: `127.0.0.1:${port}`, ...options });
  await log.open({ policyOf: () => policy, ...ports });
  onTestFinished(() => log.close());
  return log;
}

/** An append without numbers. */
export function plain(channel: string, text: string, publisher = ""): Append {
  const payload = { kind: "text", data: encodeText(text) } as const;
  return { channel, producer: "", sequence: 0, previous: 0, payload, key: "", publisher };
}

/** What a follower was told. */
export interface Followed {
  readonly texts: string[];
  readonly heads: Head[];
  readonly floors: number[];
}

export async function follow(log: Log, channel: string): Promise<Followed> {
  const followed: Followed = { texts: [], heads: [], floors: [] };
  await log.follow(channel, {
    onEntries: (entries) => followed.texts.push(...entries.map(textOf)),
    onFloor: (floor) => followed.floors.push(floor),
    onEpoch: (head) => followed.heads.push(head),
  });
  return followed;
}

/** Waits until it holds; the test's own time bounds it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise<void>((resolve) => void ports.timers.after(2, resolve));
}

/** Its text; "" for a hole. */
export function textOf({ payload }: Entry): string {
  return payload === undefined ? "" : (strictTextOf(payload.data) ?? "");
}
