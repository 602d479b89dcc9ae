import { boundRecord, markHeaders } from "@hawser/log/broker";
import type { LogRecord, MarkedRecord, PayloadRule, PlacedRecord } from "@hawser/log/broker";
import { strictTextOf } from "@hawser/protocol";
import type { fetchV13, MessageRecord, RecordsBatch } from "@platformatic/kafka";
import { attributes } from "../kafka-record.ts";

type Aborted = fetchV13.FetchResponsePartition["abortedTransactions"];

/**
 * What others wrote, as records of a bound topic: by our offsets, which begin at 1. Control records, records of aborted
 * transactions and those without a key that is text are foreign; where compaction took the last ones of a batch, a foreign one
 * stands at its end.
 */
export function boundRecords(batches: readonly RecordsBatch[], aborted: Aborted, rule: PayloadRule): PlacedRecord[] {
  const transactions = new AbortedTransactions(aborted);
  const placed: PlacedRecord[] = [];
  for (const batch of batches) {
    const counts = transactions.pass(batch);
    const isAppendTime = (batch.attributes & attributes.appendTime) !== 0;
    const end = lastOffset(batch) + 1;
    for (const { offsetDelta, timestampDelta, key, value, headers } of batch.records) {
      const offset = Number(batch.firstOffset) + offsetDelta + 1;
      const time = Number(isAppendTime ? batch.maxTimestamp : batch.firstTimestamp + timestampDelta);
      const id = `${offset}:${time}:${key?.length ?? -1}:${value?.length ?? -1}`;
      const record: LogRecord = counts
        ? boundRecord({ key: keyText(key), value: value ?? undefined, id, header: headerOf(headers) }, rule)
        : { kind: "foreign", id };
      placed.push({ offset, time, record });
    }
    if ((placed.at(-1)?.offset ?? 0) < end) {
      placed.push({ offset: end, time: Number(batch.maxTimestamp), record: { kind: "foreign", id: `${end}` } });
    }
  }
  return placed;
}

/** A record of ours for a topic of others, as it is written. */
export function markedMessage(record: MarkedRecord, topic: string, partition: number, nowMs: number): MessageRecord {
  const { buffer, byteOffset, byteLength } = record.payload.data;
  const headers = Object.entries(markHeaders(record));
  return {
    topic,
    partition,
    timestamp: BigInt(nowMs),
    key: Buffer.from(record.channel),
    value: Buffer.from(buffer, byteOffset, byteLength),
    headers: new Map(headers.map(([name, text]) => [Buffer.from(name), Buffer.from(text)])),
  };
}

/** Which batches do not count ("Transactions" in Kafka's document of the fetch response: aborted transactions by producer). */
class AbortedTransactions {
  readonly #begins: Aborted;
  readonly #open = new Set<bigint>();
  #next = 0;

  constructor(aborted: Aborted | null) {
    this.#begins = (aborted ?? []).toSorted((one, other) => Number(one.firstOffset - other.firstOffset));
  }

  /** The next batch; whether its records count. */
  pass(batch: RecordsBatch): boolean {
    const end = BigInt(lastOffset(batch));
    for (let begin = this.#begins[this.#next]; begin !== undefined && begin.firstOffset <= end;) {
      this.#open.add(begin.producerId);
      this.#next += 1;
      begin = this.#begins[this.#next];
    }
    if ((batch.attributes & attributes.control) !== 0) {
      // Of a producer whose transaction was aborted, the next mark is the one of that.
      this.#open.delete(batch.producerId);
      return false;
    }
    return (batch.attributes & attributes.transactional) === 0 || !this.#open.has(batch.producerId);
  }
}

function headerOf(headers: RecordsBatch["records"][number]["headers"]): (name: string) => string | undefined {
  // Most records have none of ours, and are asked for one name.
  return (name) => headers.find(([own]) => own?.toString("latin1") === name)?.[1]?.toString();
}

function lastOffset({ firstOffset, lastOffsetDelta }: RecordsBatch): number {
  return Number(firstOffset) + lastOffsetDelta;
}

function keyText(key: Uint8Array | null): string | undefined {
  return key === null ? undefined : strictTextOf(key);
}
