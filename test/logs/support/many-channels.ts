import { expect } from "vitest";
import type { Append, Log } from "@hawser/log";
import { brokerLog } from "@hawser/log/broker";
import type { Broker, BrokerLogSettings, BrokerSource } from "@hawser/log/broker";
import { encodeText, systemPorts } from "@hawser/protocol";

const channelCount = 10_000;
const readerCount = 10_000;
const chunk = 5_000;
const policy = {
  durability: "commit",
  retainCount: 1_000,
  retainBytes: 1e12,
  retainAgeMs: 1e12,
  deduplicateMs: 1e9,
} as const;
/** The tail holds a tenth of the log, so that those who come back are served from blocks below it. */
const settings: BrokerLogSettings = {
  maxTailRecords: channelCount / 10,
  readWhole: 0,
};

/**
 * Expects of a log over a broker that 10,000 channels, each with a message, share its partition, and that 10,000 who come back at once on a
 * node that has just started are served by a few passes over it, and not by one for each.
 *
 * @param makeSource makes the source of a node; all of one log.
 * @param streams counts what the broker has: topics or streams.
 */
export async function expectChannelsShareAStream(
  makeSource: () => BrokerSource,
  streams: () => Promise<number>,
): Promise<void> {
  const before = await streams();
  const writer = await opened(makeSource());
  try {
    for (let first = 0; first < channelCount; first += chunk) {
      const outcomes = await writer.append(Array.from({ length: chunk }, (_, index) => message(first + index)));
      expect(outcomes.every(({ kind }) => kind === "accepted")).toBe(true);
    }
  } finally {
    await writer.close();
  }
  expect((await streams()) - before).toBe(1);
  const { source, read } = counted(makeSource());
  const node = await opened(source);
  try {
    const opening = { ...read };
    await Promise.all(
      Array.from({ length: readerCount }, (_, index) => expectMessage(node, (index * 19) % channelCount)),
    );
    // A block is fetched, and then it is asked whether the log is still the same, by one record.
    expect(read.fetches - opening.fetches).toBeLessThan(readerCount / 50);
    expect(read.records - opening.records).toBeLessThan(3 * channelCount);
  } finally {
    await node.close();
  }
}

async function opened(source: BrokerSource): Promise<Log> {
  const log = brokerLog({ source, ...settings });
  await log.open({ policyOf: () => policy, ...systemPorts() });
  return log;
}

function message(index: number): Append {
  const payload = { kind: "text", data: encodeText(`${index}`) } as const;
  return { channel: `room.${index}`, producer: "", sequence: 0, previous: 0, payload, key: "", publisher: "" };
}

async function expectMessage(log: Log, index: number): Promise<void> {
  const { entries } = await log.read(`room.${index}`, 0, { maxCount: 10, maxBytes: 1_000 });
  expect(entries.map(({ payload }) => new TextDecoder().decode(payload?.data))).toEqual([`${index}`]);
}

/** The source, with what was fetched from it beside what waits at its end. */
function counted(inner: BrokerSource): { source: BrokerSource; read: { fetches: number; records: number } } {
  const read = { fetches: 0, records: 0 };
  const count = (partition: Broker): Broker => ({
    produce: (records) => partition.produce(records),
    fetch: async (offset, maxCount, waitMs) => {
      const fetched = await partition.fetch(offset, maxCount, waitMs);
      if (waitMs === 0) {
        read.fetches += 1;
        read.records += fetched.records.length;
      }
      return fetched;
    },
  });
  const source: BrokerSource = {
    name: inner.name,
    durabilities: inner.durabilities,
    get maxPayloadBytes() {
      return inner.maxPayloadBytes;
    },
    open: async (ports) => (await inner.open(ports)).map(count),
    close: () => inner.close(),
  };
  return { source, read };
}
