// A process of its own for each log: what it holds is measured before it is filled and behind.
import { performance } from "node:perf_hooks";
import { memoryLog } from "@hawser/log";
import type { Append, Log, LogPolicy } from "@hawser/log";
import { lmdbLog } from "@hawser/log-lmdb";
import { payloadOf, systemPorts } from "@hawser/protocol";
import { collectedMemory } from "../memory/collected-memory.ts";
import { answer } from "../processes/child.ts";
import type { FillCommand, Filled } from "./messages.ts";

const text = "x".repeat(98);
const appendsAtOnce = 5_000;

answer<FillCommand, Filled>(async ({ log: kind, folder, channels }) => {
  const log: Log = kind === "memory" ? memoryLog() : lmdbLog({ path: folder });
  const policy: LogPolicy = {
    durability: kind === "memory" ? "memory" : "commit",
    retainCount: 10_000,
    retainBytes: 16 * 1024 ** 2,
    retainAgeMs: 7 * 86_400_000,
    deduplicateMs: 3_600_000,
  };
  await log.open({ ...systemPorts(), policyOf: () => policy });
  await fill(log, 0, appendsAtOnce);
  const before = await collectedMemory();
  const started = performance.now();
  for (let first = appendsAtOnce; first < channels; first += appendsAtOnce) await fill(log, first, appendsAtOnce);
  const seconds = (performance.now() - started) / 1000;
  const after = await collectedMemory();
  const head = await log.head(nameOf(channels - 1));
  if (head.end !== 1) throw new Error(`the last channel ends at ${head.end}`);
  await log.close();
  return {
    residentBytes: after.residentBytes - before.residentBytes,
    heapBytes: after.heapBytes - before.heapBytes,
    externalBytes: after.externalBytes - before.externalBytes,
    seconds,
  };
});

async function fill(log: Log, first: number, count: number): Promise<void> {
  const appends = Array.from({ length: count }, (_, index): Append => {
    const payload = payloadOf(text);
    return { channel: nameOf(first + index), producer: "", sequence: 0, previous: 0, payload, key: "", publisher: "" };
  });
  for (const outcome of await log.append(appends)) {
    if (outcome.kind !== "accepted") throw new Error(`an append was ${outcome.kind}`);
  }
}

function nameOf(index: number): string {
  return `room.number.${index}`;
}
