import { expect, onTestFinished } from "vitest";
import type { Append, AppendOutcome, Log } from "@hawser/log";
import { plain, textOf } from "@hawser/log/conformance";
import { systemPorts } from "@hawser/protocol";
import type { Program } from "./start-program.ts";

const ports = systemPorts();
const channels = ["a", "b", "c", "d"];
/** What each channel has to take before the next fault, and before the end. */
const between = 100;
const policy = {
  durability: "commit",
  retainCount: 1e6,
  retainBytes: 1e12,
  retainAgeMs: 1e12,
  deduplicateMs: 1e9,
} as const;

/** Brokers that keep the same records. */
export interface ReplicatedBroker {
  /** The log of a node, not opened. */
  readonly log: () => Log;
  /** The one that decides now what comes next. */
  readonly leader: () => Promise<Program>;
}

/**
 * Expects that nothing that was acknowledged is lost when the leader is killed with -9 under those who publish, and started again: every
 * message is there once and in order, for a node that followed and for one that starts afterwards, in the same epoch.
 */
export async function expectLeaderMayDie({ log, leader }: ReplicatedBroker): Promise<void> {
  const [here, there] = [await opened(log()), await opened(log())];
  const followed = await Promise.all(channels.map((channel) => follow(there, channel)));
  const taken = channels.map((): string[] => []);
  let enough = between;
  let isOver = false;
  const publishers = channels.map(async (channel, index) => {
    while (!isOver) {
      const sequence = taken[index]!.length + 1;
      const outcome = await appended(here, numbered(channel, sequence));
      expect(["accepted", "duplicate"]).toContain(outcome.kind);
      taken[index]!.push(`${sequence}`);
    }
  });
  const reached = async (): Promise<void> => {
    await until(() => taken.every(({ length }) => length >= enough));
    enough = Math.max(...taken.map(({ length }) => length)) + between;
  };
  await reached();
  const killed = await leader();
  await killed.kill();
  await reached();
  await killed.start();
  await reached();
  isOver = true;
  await Promise.all(publishers);
  const cold = await opened(log());
  for (const [index, channel] of channels.entries()) {
    const { entries } = await cold.read(channel, 0, { maxCount: 1e6, maxBytes: 1e9 });
    expect(entries.map(textOf)).toEqual(taken[index]);
    const { texts, epochs } = followed[index]!;
    await until(() => texts.length >= taken[index]!.length);
    expect(texts).toEqual(taken[index]);
    expect(epochs).toEqual([]);
  }
}

async function opened(log: Log): Promise<Log> {
  await log.open({ policyOf: () => policy, ...ports });
  onTestFinished(() => log.close());
  return log;
}

async function follow(log: Log, channel: string): Promise<{ texts: string[]; epochs: number[] }> {
  const followed = { texts: [] as string[], epochs: [] as number[] };
  await log.follow(channel, {
    onEntries: (entries) => followed.texts.push(...entries.map(textOf)),
    onFloor: () => {},
    onEpoch: ({ epoch }) => followed.epochs.push(epoch),
  });
  return followed;
}

function numbered(channel: string, sequence: number): Append {
  return { ...plain(channel, `${sequence}`), producer: "ann", sequence, previous: sequence - 1 };
}

/** Appends again as a client does, until the outcome is known. */
async function appended(log: Log, append: Append): Promise<AppendOutcome> {
  for (;;) {
    const [outcome] = await log.append([append]);
    if (outcome!.kind !== "failed") return outcome!;
  }
}

/** Waits until it holds; the test's own time bounds it. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise<void>((resolve) => void ports.timers.after(2, resolve));
}
