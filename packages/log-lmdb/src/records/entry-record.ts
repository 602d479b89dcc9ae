import { crc32 } from "node:zlib";
import type { Entry } from "@hawser/log";
import type { Payload } from "@hawser/protocol";
import { RecordError } from "./record-reader.ts";

/**
 * An entry as it is stored; numbers are little endian:
 *
 * | bytes | |
 * | --- | --- |
 * | 0 to 3 | CRC-32 of the entry's key in the store and all that follows here |
 * | 4 | version of this format: 1 |
 * | 5 | kind of the payload: 0 bytes, 1 text, 2 JSON |
 * | 6 to 9 | length of the conflation key |
 * | 10 to 13 | length of the publisher |
 * | 14 to 21 | `time`, a double |
 * | 22 to 29 | moment on the log's own clock, a double |
 * | then | conflation key, publisher, payload |
 */
const headerBytes = 30;
const version = 1;
const kinds = ["bytes", "text", "json"] as const satisfies readonly Payload["kind"][];

const encoder = new TextEncoder();
/** A byte order mark is a character like any other here. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** An entry, and when it was appended on the log's own clock, which does not go back. */
export interface StoredEntry {
  readonly entry: Entry & { readonly payload: Payload };
  readonly moment: number;
}

/** @param key the entry's key in the store: an entry that stands in another's place is found out by its checksum. */
export function encodeEntry({ entry, moment }: StoredEntry, key: Uint8Array): Uint8Array {
  const { data, kind } = entry.payload;
  const conflationKey = encoder.encode(entry.key);
  const publisher = encoder.encode(entry.publisher);
  const record = new Uint8Array(headerBytes + conflationKey.byteLength + publisher.byteLength + data.byteLength);
  const view = new DataView(record.buffer);
  record[4] = version;
  record[5] = kinds.indexOf(kind);
  view.setUint32(6, conflationKey.byteLength, true);
  view.setUint32(10, publisher.byteLength, true);
  view.setFloat64(14, entry.time, true);
  view.setFloat64(22, moment, true);
  record.set(conflationKey, headerBytes);
  record.set(publisher, headerBytes + conflationKey.byteLength);
  record.set(data, record.byteLength - data.byteLength);
  view.setUint32(0, checksum(record, key), true);
  return record;
}

/** The entry's data are a part of `record`. Throws {@link RecordError} unless the record is what was written. */
export function decodeEntry(record: Uint8Array, key: Uint8Array, offset: number): StoredEntry {
  if (record.byteLength < headerBytes) throw new RecordError("an entry is cut short");
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  if (view.getUint32(0, true) !== checksum(record, key)) throw new RecordError("an entry does not fit its checksum");
  const kind = kinds[record[5]!];
  if (record[4] !== version || kind === undefined) throw new RecordError("an entry has an unknown format");
  const keyEnd = headerBytes + view.getUint32(6, true);
  const publisherEnd = keyEnd + view.getUint32(10, true);
  if (publisherEnd > record.byteLength) throw new RecordError("an entry is cut short");
  const entry = {
    offset,
    time: view.getFloat64(14, true),
    payload: { kind, data: record.subarray(publisherEnd) },
    key: textOf(record, headerBytes, keyEnd),
    publisher: textOf(record, keyEnd, publisherEnd),
  };
  return { entry, moment: view.getFloat64(22, true) };
}

function textOf(record: Uint8Array, from: number, to: number): string {
  return from === to ? "" : decoder.decode(record.subarray(from, to));
}

function checksum(record: Uint8Array, key: Uint8Array): number {
  return crc32(record.subarray(4), crc32(key));
}
