import { RecentPositions } from "@hawser/log";
import { RecordError, RecordReader } from "./record-reader.ts";
import { RecordWriter } from "./record-writer.ts";

/** What is remembered of one producer in one channel. */
export interface ProducerState {
  /** The sequence that was accepted last. */
  readonly last: number;
  /** From this moment of the log's own clock on it is forgotten. */
  readonly until: number;
  readonly recent: RecentPositions;
}

const version = 1;

export function encodeProducer(state: ProducerState): Uint8Array {
  const writer = new RecordWriter(96).byte(version).varint(state.last).float64(state.until);
  const recent = state.recent.toArray();
  writer.varint(recent.length);
  let sequence = 0;
  let offset = 0;
  for (const position of recent) {
    // Both rise: the differences are small.
    writer.varint(position.sequence - sequence).varint(position.offset - offset);
    ({ sequence, offset } = position);
  }
  return writer.finish();
}

/** Throws {@link RecordError} unless the record is a producer. */
export function decodeProducer(record: Uint8Array, maxRecentPositions: number): ProducerState {
  const reader = new RecordReader(record);
  if (reader.byte() !== version) throw new RecordError("a producer has an unknown format");
  const last = reader.varint();
  const until = reader.float64();
  const recent = new RecentPositions(maxRecentPositions);
  let sequence = 0;
  let offset = 0;
  for (let left = reader.varint(); left > 0; left -= 1) {
    sequence += reader.varint();
    offset += reader.varint();
    recent.add(sequence, offset);
  }
  if (!reader.done) throw new RecordError("a producer has more than its fields");
  return { last, until, recent };
}
