import { crc32 } from "node:zlib";
import type { Entry } from "@hawser/log";
import type { Payload } from "@hawser/protocol";
import { RecordError, RecordReader } from "./record-reader.ts";
import { RecordWriter } from "./record-writer.ts";

/** What of an entry differs within a block. */
export interface BlockEntry {
  readonly payload: Payload;
  readonly key: string;
  readonly publisher: string;
}

/** Consecutive entries of one channel that one transaction appended. It is never changed, only removed as a whole. */
export interface Block {
  /** Offset of the first entry. */
  readonly first: number;
  /** Offset of the last entry. */
  readonly last: number;
  /** When they were appended: by the wall clock, and on the log's own clock, which does not go back. */
  readonly time: number;
  readonly moment: number;
  readonly entries: readonly Entry[];
}

const version = 1;
const kinds = ["bytes", "text", "json"] as const satisfies readonly Payload["kind"][];
/** Added to the kind of an entry whose publisher is that of the entry before it. */
const samePublisher = 4;
const checksumBytes = 4;

/**
 * A block as it is stored, under the key of its first entry; numbers are little endian:
 *
 * | bytes | |
 * | --- | --- |
 * | 0 to 3 | CRC-32 of the block's key in the store and all that follows here |
 * | 4 | version of this format: 1 |
 * | 5 to 12 | `time`, a double |
 * | 13 to 20 | moment on the log's own clock, a double |
 * | then | the entries, to the end |
 *
 * An entry is one byte for its kind of payload (0 bytes, 1 text, 2 JSON; 4 more when its publisher is that of the entry
 * before), then conflation key, publisher (if it is another) and payload, each behind its length as a varint.
 */
export function encodeBlock(
  {
    time,
    moment,
    entries,
  }: { readonly time: number; readonly moment: number; readonly entries: readonly BlockEntry[] },
  key: Uint8Array,
): Uint8Array {
  let sizeHint = 64;
  for (const { payload } of entries) sizeHint += payload.data.byteLength + 8;
  const writer = new RecordWriter(sizeHint).uint32(0).byte(version).float64(time).float64(moment);
  let publisher: string | undefined;
  for (const entry of entries) {
    const { kind, data } = entry.payload;
    const same = entry.publisher === publisher;
    writer.byte(kinds.indexOf(kind) + (same ? samePublisher : 0)).text(entry.key);
    if (!same) writer.text(entry.publisher);
    writer.varint(data.byteLength).bytes(data);
    ({ publisher } = entry);
  }
  const record = writer.finish();
  new DataView(record.buffer, record.byteOffset).setUint32(0, checksum(record, key), true);
  return record;
}

/**
 * The entries' data are parts of `record`. Throws {@link RecordError} unless the record is what was written.
 *
 * @param key the block's key in the store: one that stands in another's place is found out by its checksum.
 */
export function decodeBlock(record: Uint8Array, key: Uint8Array, first: number): Block {
  return entriesOf(openBlock(record, key), first);
}

/** As `decodeBlock`, of a record whose checksum need not be looked at. */
export function readBlock(record: Uint8Array, first: number): Block {
  return entriesOf(openBlock(record, undefined), first);
}

interface OpenBlock {
  readonly time: number;
  readonly moment: number;
  readonly reader: RecordReader;
}

function entriesOf({ time, moment, reader }: OpenBlock, first: number): Block {
  const entries: Entry[] = [];
  let publisher: string | undefined;
  while (!reader.done) {
    const head = reader.byte();
    const kind = kinds[head & ~samePublisher];
    const entryKey = reader.text();
    if ((head & samePublisher) === 0) publisher = reader.text();
    if (kind === undefined || publisher === undefined)
      throw new RecordError("a block of entries has an unknown format");
    const data = reader.bytes(reader.varint());
    entries.push({ offset: first + entries.length, time, payload: { kind, data }, key: entryKey, publisher });
  }
  if (entries.length === 0) throw new RecordError("a block has no entries");
  return { first, last: first + entries.length - 1, time, moment, entries };
}

/** What trimming has to know of a block. */
export interface BlockSizes {
  readonly first: number;
  readonly last: number;
  /** When its entries were appended, on the log's own clock. */
  readonly moment: number;
  /** Payload bytes of each entry. */
  readonly sizes: Uint32Array;
}

/** As `decodeBlock`, without the entries themselves. */
export function decodeBlockSizes(record: Uint8Array, key: Uint8Array, first: number): BlockSizes {
  const { moment, reader } = openBlock(record, key);
  const sizes: number[] = [];
  while (!reader.done) {
    const head = reader.byte();
    reader.skip(reader.varint());
    if ((head & samePublisher) === 0) reader.skip(reader.varint());
    const size = reader.varint();
    reader.skip(size);
    sizes.push(size);
  }
  return { first, last: first + sizes.length - 1, moment, sizes: Uint32Array.from(sizes) };
}

function openBlock(record: Uint8Array, key: Uint8Array | undefined): OpenBlock {
  const reader = new RecordReader(record);
  const expected = reader.uint32();
  if (key !== undefined && expected !== checksum(record, key))
    throw new RecordError("a block of entries does not fit its checksum");
  if (reader.byte() !== version) throw new RecordError("a block of entries has an unknown format");
  return { time: reader.float64(), moment: reader.float64(), reader };
}

function checksum(record: Uint8Array, key: Uint8Array): number {
  return crc32(record.subarray(checksumBytes), crc32(key));
}
