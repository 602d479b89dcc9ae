import type { Fetched, PlacedRecord } from "@hawser/log/broker";
import type { Connection } from "../connection/nats-connection.ts";
import { stateOf } from "../stream/stream-state.ts";
import type { StreamState } from "../stream/stream-state.ts";
import { deliveredRecord, readerConfig, storedRecord } from "./delivered.ts";

/** What was read from the broker itself, and of which stream. */
export interface ReadStored {
  readonly fetched: Fetched;
  readonly state: StreamState;
}

/** Payload bytes of one read; the server ends a batch there. */
const maxReadBytes = 4 * 1024 * 1024;
/** Messages of one read. */
const maxReadCount = 1_000;

/**
 * Reads from `offset` on. Where the log begins and ends is what the stream's leader says; records may come from any
 * replica. One that lags behind the leader would look like a log that went back: what it does not have, the leader gives.
 */
export async function readStored(
  connection: Connection,
  stream: string,
  offset: number,
  maxCount: number,
): Promise<ReadStored> {
  const state = stateOf(await connection.manager.streams.info(stream));
  const from = Math.max(offset, state.start);
  if (from > state.end || maxCount < 1) return given([], state);
  const count = Math.min(maxCount, maxReadCount, state.end - from + 1);
  const read = canReadBatches(connection) ? readBatch : readByConsumer;
  const records = await read(connection, stream, from, count);
  if (records[0]?.offset === from) return given(records, state);
  const first = await readNext(connection, stream, from);
  if (first?.offset === from) return given([first], state);
  // It was trimmed in the meantime; or there is a hole, or it went back, which the state says that is read after it.
  const later = stateOf(await connection.manager.streams.info(stream));
  return given(first === undefined ? [] : [first], later);
}

function given(records: readonly PlacedRecord[], state: StreamState): ReadStored {
  return { fetched: { records, start: state.start, end: state.end }, state };
}

/** Whether the server gives batches from their place (NATS 2.11 and later). */
function canReadBatches({ nats }: Connection): boolean {
  const [major = 0, minor = 0] = (nats.info?.version ?? "").split(".").map(Number);
  return major > 2 || (major === 2 && minor >= 11);
}

async function readBatch(
  { manager }: Connection,
  stream: string,
  seq: number,
  batch: number,
): Promise<readonly PlacedRecord[]> {
  const records: PlacedRecord[] = [];
  for await (const message of await manager.direct.getBatch(stream, { seq, batch, max_bytes: maxReadBytes })) {
    const last = records.at(-1)?.offset;
    // Answers may be lost on their way: what is behind a lost one is read again.
    if (last !== undefined && message.lastSequence !== last) break;
    records.push(storedRecord(message));
  }
  return records;
}

/** By a consumer that lives for this read, where the server is older. */
async function readByConsumer(
  { manager, client, requestTimeoutMs }: Connection,
  stream: string,
  from: number,
  count: number,
): Promise<readonly PlacedRecord[]> {
  const { name } = await manager.consumers.add(stream, readerConfig(from));
  try {
    const consumer = await client.consumers.get(stream, name);
    const records: PlacedRecord[] = [];
    const messages = await consumer.fetch({ max_messages: count, expires: Math.max(1_000, requestTimeoutMs) });
    let bytes = 0;
    for await (const message of messages) {
      if (message.info.deliverySequence !== records.length + 1) break;
      records.push(deliveredRecord(message));
      bytes += message.data.length;
      if (records.length === count || message.info.pending === 0 || bytes >= maxReadBytes) break;
    }
    return records;
  } finally {
    manager.consumers.delete(stream, name).catch(() => {});
  }
}

/** The first record at or above a sequence, by the leader. */
async function readNext({ manager }: Connection, stream: string, seq: number): Promise<PlacedRecord | undefined> {
  const query = { seq, next_by_subj: ">" };
  const message = await manager.streams.getMessage(stream, query);
  return message === null ? undefined : storedRecord(message);
}
