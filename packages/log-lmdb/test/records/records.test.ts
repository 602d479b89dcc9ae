import fc from "fast-check";
import { expect, it } from "vitest";
import { decodeChannel, encodeChannel } from "../../src/records/channel-record.ts";
import { RecordReader } from "../../src/records/record-reader.ts";
import { RecordWriter } from "../../src/records/record-writer.ts";

const integer = fc.nat(Number.MAX_SAFE_INTEGER);

it("a channel's record is read as it was written, however long its lineage", () => {
  const lineage = fc.array(fc.record({ epoch: integer, start: integer }), { maxLength: 64 });
  fc.assert(
    fc.property(lineage, integer, integer, (epochs, number, bytes) => {
      const state = { number: number % 2 ** 32, end: 900, floor: 7, bytes, oldest: { bytes: 3, moment: 12.5 }, lineage: epochs };
      expect(decodeChannel(encodeChannel(state))).toEqual(state);
    }),
  );
});

it("a record that outgrows its writer's first size keeps every byte", () => {
  const field = fc.oneof(
    integer.map((value) => ({ kind: "varint" as const, value })),
    fc.nat(255).map((value) => ({ kind: "byte" as const, value })),
    fc.nat(2 ** 32 - 1).map((value) => ({ kind: "uint32" as const, value })),
    fc.double({ noNaN: true }).map((value) => ({ kind: "float64" as const, value })),
  );
  fc.assert(
    fc.property(fc.array(field, { maxLength: 60 }), fc.integer({ min: 1, max: 64 }), (fields, size) => {
      const writer = new RecordWriter(size);
      for (const { kind, value } of fields) writer[kind](value);
      const reader = new RecordReader(writer.finish());
      for (const { kind, value } of fields) expect(reader[kind]()).toBe(value);
      expect(reader.done).toBe(true);
    }),
  );
});
