import type { Connection } from "../connection/nats-connection.ts";
import type { StoredMessage } from "../message/record-message.ts";
import { deliveredMessage, readerConfig, storedMessage } from "./delivered.ts";

/** What is read. */
export interface ReadPlace {
  readonly connection: Connection;
  readonly stream: string;
  /** Whether the stream allows direct reads. */
  readonly isDirect: boolean;
  /** Only messages of this subject. */
  readonly subject?: string;
}

/** Bytes of one read; it ends there, after a message at least. */
const maxReadBytes = 4 * 1024 * 1024;
/** Messages of one read. */
const maxReadCount = 1_000;

/**
 * Messages at or above a sequence that some replica of the stream has. It may be fewer than there are: a replica may lag
 * behind, and one read is bounded.
 */
export async function readMessages(place: ReadPlace, from: number, count: number): Promise<readonly StoredMessage[]> {
  const bounded = Math.min(count, maxReadCount);
  return place.isDirect && givesBatches(place.connection)
    ? readBatch(place, from, bounded)
    : readByConsumer(place, from, bounded);
}

/** The first message at or above a sequence, by the stream's leader. */
export async function readNext(place: ReadPlace, seq: number): Promise<StoredMessage | undefined> {
  const { connection, stream, subject = ">" } = place;
  const query = { seq: Math.max(1, seq), next_by_subj: subject };
  const message = await connection.manager.streams.getMessage(stream, query);
  return message === null ? undefined : storedMessage(message);
}

/** Whether the server gives batches from their place (NATS 2.11 and later). */
function givesBatches({ nats }: Connection): boolean {
  const [major = 0, minor = 0] = (nats.info?.version ?? "").split(".").map(Number);
  return major > 2 || (major === 2 && minor >= 11);
}

async function readBatch({ connection, stream, subject }: ReadPlace, seq: number, batch: number) {
  const filter = subject === undefined ? {} : { next_by_subj: subject };
  const messages: StoredMessage[] = [];
  const query = { seq: Math.max(1, seq), batch, max_bytes: maxReadBytes, ...filter };
  for await (const message of await connection.manager.direct.getBatch(stream, query)) {
    const last = messages.at(-1)?.sequence;
    // Answers may be lost on their way: what is behind a lost one is read again.
    if (last !== undefined && message.lastSequence !== last) break;
    messages.push(storedMessage(message));
  }
  return messages;
}

/** By a consumer that lives for this read, where the server is older or the stream does not allow the other way. */
async function readByConsumer({ connection, stream, subject }: ReadPlace, from: number, count: number) {
  const { manager, client, requestTimeoutMs } = connection;
  const { name, num_pending } = await manager.consumers.add(stream, readerConfig(from, subject));
  const messages: StoredMessage[] = [];
  try {
    if (num_pending === 0) return messages;
    const consumer = await client.consumers.get(stream, name);
    const found = await consumer.fetch({ max_messages: count, expires: Math.max(1_000, requestTimeoutMs) });
    let bytes = 0;
    for await (const message of found) {
      if (message.info.deliverySequence !== messages.length + 1) break;
      messages.push(deliveredMessage(message));
      bytes += message.data.length;
      if (messages.length === count || message.info.pending === 0 || bytes >= maxReadBytes) break;
    }
    return messages;
  } finally {
    manager.consumers.delete(stream, name).catch(() => {});
  }
}
