import { recordHeaders } from "../broker/record-headers.ts";
import type { AppendRecord } from "../prefix/log-record.ts";

/** A record of ours for a topic of others: its value is the payload as it was published, and the headers mark it. */
export type MarkedRecord = AppendRecord & Required<Pick<AppendRecord, "mark">>;

/**
 * The headers of a record that a node writes into a topic of others. `hawser-id`, `hawser-key` and `hawser-user` are those of Hawser's
 * own topics; `hawser-append` is a JSON array of the partition, what the writer had read of it (offset, identity of the record there), the
 * sequence of the producer that counted last by then, the record's sequence and `previous`, and the producer. Records with the same
 * producer and sequence are copies of one message.
 */
export function markHeaders(record: MarkedRecord): Record<string, string> {
  const { id, mark, sequence, previous, producer, key, publisher } = record;
  const { origin, seen, seenId, last } = mark;
  return {
    [recordHeaders.id]: id,
    [appendHeader]: JSON.stringify([origin, seen, seenId, last, sequence, previous, producer]),
    ...(key === "" ? {} : { [recordHeaders.key]: key }),
    ...(publisher === "" ? {} : { [recordHeaders.user]: publisher }),
  };
}

/** Of a record that has such headers, what they say; `undefined`: somebody else wrote it. */
export function readMark(header: (name: string) => string | undefined): Partial<AppendRecord> | undefined {
  const id = header(recordHeaders.id);
  const words = wordsOf(header(appendHeader));
  if (id === undefined || id === "" || words === undefined) return undefined;
  const [origin, seen, seenId, last, sequence, previous, producer] = words;
  const isMark = isText(origin) && isText(seenId) && isText(producer) && producer !== "";
  if (!isMark || !isCount(seen) || !isCount(last) || !isCount(sequence) || !isCount(previous)) return undefined;
  return {
    id,
    sequence,
    previous,
    producer,
    key: header(recordHeaders.key) ?? "",
    publisher: header(recordHeaders.user) ?? "",
    mark: { origin, seen, seenId, last },
  };
}

const appendHeader = "hawser-append";

function wordsOf(text: string | undefined): readonly unknown[] | undefined {
  if (text === undefined) return undefined;
  try {
    const words: unknown = JSON.parse(text);
    return Array.isArray(words) ? words : undefined;
  } catch {
    return undefined;
  }
}

function isText(word: unknown): word is string {
  return typeof word === "string";
}

function isCount(word: unknown): word is number {
  return Number.isSafeInteger(word) && (word as number) >= 0;
}
