import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RecentPositions } from "@hawser/log";
import { decodeChannel, encodeChannel } from "../../src/records/channel-record.ts";
import { decodeBlock, encodeBlock } from "../../src/records/block-record.ts";
import {
  channelKey,
  channelNameOf,
  entryKey,
  expiryKey,
  expiryOf,
  offsetOf,
  producerKey,
  producerOf,
} from "../../src/records/keys.ts";
import { decodeLog, encodeLog } from "../../src/records/log-record.ts";
import { decodeProducer, encodeProducer } from "../../src/records/producer-record.ts";
import { RecordError } from "../../src/records/record-reader.ts";

const integer = fc.maxSafeNat();
const moment = fc.double({ min: 0, max: 1e15, noNaN: true });
const text = fc.oneof(fc.string({ unit: "grapheme" }), fc.constant("\u{feff}a"));
const bytes = fc.uint8Array({ maxLength: 300 });

const stored = fc.record({
  time: moment,
  moment,
  entries: fc.array(
    fc.record({
      payload: fc.record({ kind: fc.constantFrom("bytes" as const, "text" as const, "json" as const), data: bytes }),
      key: text,
      publisher: fc.oneof(text, fc.constant("ann")),
    }),
    { minLength: 1, maxLength: 5 },
  ),
});

const channel = fc
  .record({
    number: fc.nat(),
    floor: fc.nat(),
    length: fc.nat(),
    bytes: integer,
    oldest: fc.record({ bytes: integer, moment }),
    lineage: fc.array(fc.record({ epoch: integer, start: integer })),
  })
  .map(({ length, oldest, ...rest }) => ({
    ...rest,
    end: rest.floor + length,
    oldest: length === 0 ? undefined : oldest,
  }));

describe("records", () => {
  it("come back as they were", () => {
    const key = entryKey(1, 2);
    fc.assert(
      fc.property(stored, channel, (block, state) => {
        const { time, entries } = block;
        expect(decodeBlock(encodeBlock(block, key), key, 2)).toEqual({
          first: 2,
          last: 1 + entries.length,
          time,
          moment: block.moment,
          entries: entries.map((entry, index) => ({ ...entry, offset: 2 + index, time })),
        });
        expect(decodeChannel(encodeChannel(state))).toEqual(state);
      }),
    );
  });

  it("of producers come back with their newest positions", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(), fc.nat())), fc.nat({ max: 5 }), moment, (steps, limit, until) => {
        const recent = new RecentPositions(10);
        let [sequence, offset] = [0, 0];
        for (const [first, second] of steps) recent.add((sequence += first + 1), (offset += second + 1));
        const decoded = decodeProducer(encodeProducer({ last: sequence, until, recent }), limit);
        expect(decoded).toMatchObject({ last: sequence, until });
        expect(decoded.recent.toArray().toSorted((a, b) => a.sequence - b.sequence)).toEqual(
          limit === 0 ? [] : recent.toArray().slice(-limit),
        );
      }),
    );
  });

  it("of the log are of no use to another version", () => {
    const state = { runs: [1, 9], serial: 2, moment: 3, channels: 4, producers: 5, bytes: 6 };
    const record = encodeLog(state);
    expect(decodeLog(record)).toEqual(state);
    record[0] = 1;
    expect(decodeLog(record)).toBeUndefined();
  });

  it("throw nothing but a RecordError on other bytes", () => {
    const decoders = [
      decodeChannel,
      decodeLog,
      (record: Uint8Array) => decodeProducer(record, 10),
      (record: Uint8Array) => decodeBlock(record, entryKey(1, 1), 1),
    ];
    fc.assert(
      fc.property(bytes, fc.nat({ max: 2 }), (record, first) => {
        if (record.byteLength > 0) record[0] = first;
        for (const decode of decoders) {
          try {
            decode(record);
          } catch (error) {
            expect(error).toBeInstanceOf(RecordError);
          }
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it("of blocks are refused with any bit turned, and in the place of another", () => {
    fc.assert(
      fc.property(stored, fc.nat(), (block, place) => {
        const record = encodeBlock(block, entryKey(1, 2));
        expect(() => decodeBlock(record, entryKey(1, 3), 3)).toThrow(RecordError);
        const bit = place % (record.byteLength * 8);
        record[bit >> 3]! ^= 1 << (bit & 7);
        expect(() => decodeBlock(record, entryKey(1, 2), 2)).toThrow(RecordError);
      }),
    );
  });
});

describe("keys", () => {
  it("of entries stand in the order of channels, then offsets", () => {
    fc.assert(
      fc.property(fc.nat(), integer, fc.nat(), integer, (channel, offset, otherChannel, otherOffset) => {
        const order = Buffer.compare(entryKey(channel, offset), entryKey(otherChannel, otherOffset));
        expect(order).toBe(Math.sign(channel - otherChannel) || Math.sign(offset - otherOffset));
        expect(offsetOf(entryKey(channel, offset))).toBe(offset);
      }),
    );
  });

  it("of expiries stand in the order of their moments, and give back the producer", () => {
    fc.assert(
      fc.property(moment, moment, fc.nat(), text, (first, second, channel, producer) => {
        const key = producerKey(channel, producer);
        expect(producerOf(key)).toEqual({ channel, producer });
        expect(expiryOf(expiryKey(first, key))).toEqual({ moment: first, producer: key });
        fc.pre(first !== second);
        expect(Buffer.compare(expiryKey(first, key), expiryKey(second, key))).toBe(Math.sign(first - second));
      }),
    );
  });

  it("of channels give back the name", () => {
    fc.assert(
      fc.property(text, (name) => {
        expect(channelNameOf(channelKey(name))).toBe(name);
      }),
    );
  });
});
