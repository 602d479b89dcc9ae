import { describe, expect, it } from "vitest";
import type { LogRecord } from "@hawser/log/broker";
import type { KafkaRecord, MessageRecord, RecordsBatch } from "@platformatic/kafka";
import { messageBytes, placedRecords, toMessage } from "../src/kafka-record.ts";

const append: LogRecord = {
  kind: "append",
  id: "a-1",
  channel: "orders.7",
  epoch: 1,
  sequence: 2,
  previous: 1,
  deduplicateMs: Infinity,
  producer: "a producer",
  payload: { kind: "bytes", data: new Uint8Array([0, 1, 2, 3, 4]).subarray(1, 4) },
  key: "a key",
  publisher: "ann",
};

function kept({ key, value, headers }: MessageRecord, offsetDelta = 0): KafkaRecord {
  return {
    length: 0,
    attributes: 0,
    timestampDelta: 5n,
    offsetDelta,
    key: key ?? null,
    value,
    headers: [...(headers ?? [])],
  };
}

function batch(records: KafkaRecord[], more: Partial<RecordsBatch> = {}): RecordsBatch {
  return {
    firstOffset: 10n,
    length: 0,
    partitionLeaderEpoch: 0,
    magic: 2,
    crc: 0,
    attributes: 0,
    lastOffsetDelta: records.length - 1,
    firstTimestamp: 1_000n,
    maxTimestamp: 2_000n,
    producerId: -1n,
    producerEpoch: 0,
    firstSequence: 0,
    records,
    ...more,
  };
}

describe("a record in Kafka", () => {
  it("has the payload as its value and the channel as its key", () => {
    const message = toMessage(append, "chat", 3, 77);
    expect(message).toMatchObject({ topic: "chat", partition: 3, timestamp: 77n });
    expect(message.key?.toString()).toBe("orders.7");
    expect([...message.value]).toEqual([1, 2, 3]);
  });

  it("is read back as it was, one offset further, at the time of its writer or of its broker", () => {
    const message = toMessage(append, "chat", 0, 77);
    const [byWriter] = placedRecords([batch([kept(message)])]);
    expect(byWriter).toMatchObject({ offset: 11, time: 1_005, record: { ...append, payload: { kind: "bytes" } } });
    const [byBroker] = placedRecords([batch([kept(message)], { attributes: 1 << 3 })]);
    expect(byBroker!.time).toBe(2_000);
  });

  it("has no key where it is the log's own", () => {
    expect(toMessage({ kind: "request", id: "r-1" }, "chat", 0, 77).key).toBeUndefined();
  });

  it("is foreign where the broker wrote it, or it has no value, and is known again", () => {
    const message = kept(toMessage(append, "chat", 0, 77));
    const control = placedRecords([batch([message], { attributes: 1 << 5 })]);
    const tombstone = placedRecords([batch([{ ...message, value: null }])]);
    expect([control[0]!.record.kind, tombstone[0]!.record.kind]).toEqual(["foreign", "foreign"]);
    expect(control).toEqual(placedRecords([batch([message], { attributes: 1 << 5 })]));
    expect(control[0]!.record.id).not.toBe(tombstone[0]!.record.id);
  });

  it("takes no more bytes than are counted", () => {
    const message = toMessage(append, "chat", 0, 77);
    let bytes = message.key!.length + message.value.length;
    for (const [name, text] of message.headers!) bytes += name.length + text.length;
    expect(messageBytes(message)).toBeGreaterThan(bytes);
  });
});
