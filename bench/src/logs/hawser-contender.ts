import type { Append, Log, LogOpenOptions } from "@hawser/log";
import { systemPorts } from "@hawser/protocol";
import { channelCount, followedChannel, payload } from "./contender.ts";
import type { Contender } from "./contender.ts";

/** What is acknowledged outlives the process where the log can do that. */
const policy = {
  retainCount: 1_000,
  retainBytes: 1 << 26,
  retainAgeMs: 3_600_000,
  deduplicateMs: 3_600_000,
} as const;

/**
 * Hawser's log as a node uses it: every append numbered and de-duplicated. With two logs over the same broker it is the second
 * one that follows, as another node.
 */
export async function hawserContender(name: string, open: () => Log, nodes: 1 | 2 = 2): Promise<Contender> {
  const writing = await opened(open());
  let reading: Log | undefined;
  const sequences = new Map<string, number>();
  let turn = 0;

  const appended = async (channel: string, count: number): Promise<void> => {
    const outcomes = await writing.append(Array.from({ length: count }, () => next(channel)));
    const other = outcomes.find(({ kind }) => kind !== "accepted");
    if (other !== undefined) throw new Error(`${name}: an append was ${JSON.stringify(other)}`);
  };
  const next = (channel: string): Append => {
    const previous = sequences.get(channel) ?? 0;
    sequences.set(channel, previous + 1);
    const content = { kind: "bytes", data: payload } as const;
    return { channel, producer: name, sequence: previous + 1, previous, payload: content, key: "", publisher: "ann" };
  };

  return {
    name,
    append: (count) => appended(`channel.${(turn = (turn + 1) % channelCount)}`, count),
    appendFollowed: () => appended(followedChannel, 1),
    follow: async (onMessage) => {
      reading ??= nodes === 1 ? writing : await opened(open());
      await reading.follow(followedChannel, {
        onEntries: (entries) => entries.forEach(() => onMessage()),
        onFloor: () => {},
        onEpoch: () => {},
      });
    },
    close: async () => {
      await writing.close();
      if (reading !== writing) await reading?.close();
    },
  };
}

async function opened(log: Log): Promise<Log> {
  const { durabilities } = log.capabilities;
  const durability = durabilities.includes("commit") ? "commit" : "memory";
  const options: LogOpenOptions = { ...systemPorts(), policyOf: () => ({ ...policy, durability }) };
  await log.open(options);
  return log;
}
