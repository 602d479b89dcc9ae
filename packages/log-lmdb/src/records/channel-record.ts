import type { EpochStart } from "@hawser/log";
import { RecordError, RecordReader } from "./record-reader.ts";
import { RecordWriter } from "./record-writer.ts";

/** What a channel with entries knows of its oldest one, so that trimming decides without reading it. */
export interface OldestEntry {
  /** Payload bytes. */
  readonly bytes: number;
  /** When it was appended, on the log's own clock. */
  readonly moment: number;
}

/** A durable channel, as one transaction left it. */
export interface ChannelState {
  readonly number: number;
  readonly end: number;
  readonly floor: number;
  /** Payload bytes of the entries above the floor. */
  readonly bytes: number;
  /** `undefined`: there is no entry above the floor. */
  readonly oldest: OldestEntry | undefined;
  /** The epochs in which something was appended, rising. */
  readonly lineage: readonly EpochStart[];
}

const version = 1;

export function encodeChannel(state: ChannelState): Uint8Array {
  const writer = new RecordWriter(128).byte(version).uint32(state.number);
  writer.varint(state.end).varint(state.floor).varint(state.bytes);
  if (state.oldest !== undefined) writer.varint(state.oldest.bytes).float64(state.oldest.moment);
  writer.varint(state.lineage.length);
  for (const { epoch, start } of state.lineage) writer.varint(epoch).varint(start);
  return writer.finish();
}

/** Throws {@link RecordError} unless the record is a channel. */
export function decodeChannel(record: Uint8Array): ChannelState {
  const reader = new RecordReader(record);
  if (reader.byte() !== version) throw new RecordError("a channel has an unknown format");
  const number = reader.uint32();
  const end = reader.varint();
  const floor = reader.varint();
  const bytes = reader.varint();
  if (floor > end) throw new RecordError("a channel's floor is above its end");
  const oldest = end === floor ? undefined : { bytes: reader.varint(), moment: reader.float64() };
  const lineage: EpochStart[] = [];
  for (let left = reader.varint(); left > 0; left -= 1)
    lineage.push({ epoch: reader.varint(), start: reader.varint() });
  if (!reader.done) throw new RecordError("a channel has more than its fields");
  return { number, end, floor, bytes, oldest, lineage };
}
