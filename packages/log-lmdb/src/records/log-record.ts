import { RecordError, RecordReader } from "./record-reader.ts";
import { RecordWriter } from "./record-writer.ts";

/** The log as a whole, as one transaction left it. */
export interface LogState {
  /**
   * The epochs of the runs that opened it, rising; the last one wrote this. A copy that is restored lacks those of the
   * runs after it was made, which is how positions of theirs are told from its own.
   */
  readonly runs: readonly number[];
  /** Counts the transactions, so that one whose outcome is in doubt can be looked up. */
  readonly serial: number;
  /** The log's own clock when it was written: milliseconds that never go back. */
  readonly moment: number;
  /** Channels so far; the number of the next one. */
  readonly channels: number;
  readonly producers: number;
  /** Payload bytes of all channels. */
  readonly bytes: number;
}

/** The version of everything that stands in the store. Another one is refused, never guessed at. */
const formatVersion = 3;

export const newLog: LogState = { runs: [], serial: 0, moment: 0, channels: 0, producers: 0, bytes: 0 };

export function encodeLog(state: LogState): Uint8Array {
  const writer = new RecordWriter(64).uint32(formatVersion).varint(state.runs.length);
  for (const epoch of state.runs) writer.varint(epoch);
  return writer
    .varint(state.serial)
    .float64(state.moment)
    .varint(state.channels)
    .varint(state.producers)
    .varint(state.bytes)
    .finish();
}

/** `undefined`: of another version. Throws {@link RecordError} when the record is not of a log. */
export function decodeLog(record: Uint8Array): LogState | undefined {
  const reader = new RecordReader(record);
  if (reader.uint32() !== formatVersion) return undefined;
  const state: LogState = {
    runs: Array.from({ length: boundedCount(reader.varint()) }, () => reader.varint()),
    serial: reader.varint(),
    moment: reader.float64(),
    channels: reader.varint(),
    producers: reader.varint(),
    bytes: reader.varint(),
  };
  if (!reader.done || !Number.isFinite(state.moment)) throw new RecordError("the log's own record is broken");
  return state;
}

/** More runs than any log keeps: the record is not one, and must not ask for the memory. */
function boundedCount(count: number): number {
  if (count > 1_000_000) throw new RecordError("the log's own record is broken");
  return count;
}
