import { describe, expect, it } from "vitest";
import type { RecordsBatch } from "@platformatic/kafka";
import { boundRecords } from "../../src/bindings/bound-records.ts";

const rule = { kind: "text", maxPayloadBytes: 100 } as const;
const transactional = 1 << 4;
const control = 1 << 5;

type Given = readonly [delta: number, key: string | null, value: string | null];

function batch(firstOffset: number, records: readonly Given[], fields: Partial<RecordsBatch> = {}): RecordsBatch {
  return {
    firstOffset: BigInt(firstOffset),
    length: 0,
    partitionLeaderEpoch: 0,
    magic: 2,
    crc: 0,
    attributes: 0,
    lastOffsetDelta: records.at(-1)?.[0] ?? 0,
    firstTimestamp: 1_000n,
    maxTimestamp: 2_000n,
    producerId: -1n,
    producerEpoch: 0,
    firstSequence: 0,
    records: records.map(([offsetDelta, key, value]) => ({
      length: 0,
      attributes: 0,
      timestampDelta: 5n,
      offsetDelta,
      key: (key === null ? null : Buffer.from(key)) as Buffer,
      value: (value === null ? null : Buffer.from(value)) as Buffer,
      headers: [],
    })),
    ...fields,
  };
}

function shown(batches: readonly RecordsBatch[], aborted: Parameters<typeof boundRecords>[1] = []) {
  return boundRecords(batches, aborted, rule).map(({ offset, record }) =>
    record.kind === "append" ? [offset, record.channel, Buffer.from(record.payload.data).toString()] : [offset],
  );
}

describe("the records of a bound topic", () => {
  it("are for channels by their key, at our offsets", () => {
    const found = boundRecords([batch(7, [[0, "a", "x"]])], [], rule);
    expect(found).toMatchObject([{ offset: 8, time: 1_005, record: { kind: "append", channel: "a" } }]);
  });

  it("are for no channel without a key that is text", () => {
    const [withoutText] = boundRecords([batch(0, [[0, "a", "x"]])], [], rule);
    expect(withoutText?.record.kind).toBe("append");
    const bytes = batch(0, [[0, "a", "x"]]);
    (bytes.records[0] as { key: Buffer }).key = Buffer.from([0xff]);
    expect(shown([bytes, batch(1, [[0, null, "x"]])])).toEqual([[1], [2]]);
  });

  it("go to the end of a batch of which the last ones were compacted away", () => {
    expect(shown([batch(0, [[0, "a", "x"]], { lastOffsetDelta: 4 }), batch(5, [], { lastOffsetDelta: 1 })])).toEqual([
      [1, "a", "x"],
      [5],
      [7],
    ]);
  });

  it("do not count in a transaction that was aborted, and do in the next one of the same producer", () => {
    const of = (offset: number, text: string): RecordsBatch =>
      batch(offset, [[0, "a", text]], { attributes: transactional, producerId: 9n });
    const mark = (offset: number): RecordsBatch =>
      batch(offset, [[0, null, "mark"]], { attributes: transactional | control, producerId: 9n });
    const batches = [of(0, "gone"), batch(1, [[0, "a", "plain"]]), of(2, "gone"), mark(3), of(4, "kept"), mark(5)];
    expect(shown(batches, [{ producerId: 9n, firstOffset: 0n }])).toEqual([
      [1],
      [2, "a", "plain"],
      [3],
      [4],
      [5, "a", "kept"],
      [6],
    ]);
  });
});
