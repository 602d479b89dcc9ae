import type { Encoding } from "./block.ts";
import type { Lane } from "./lane.ts";

/**
 * What a connection writes from: pieces that are made at the last moment, from a cursor of its own. Its place in the
 * connection's schedule is kept here, so that waking costs neither a look-up nor memory.
 */
export interface Source {
  readonly lane: Lane;
  /** The one that is served behind it, in a ring; `undefined`: it is not to be served. The scheduler's alone. */
  behind: Source | undefined;
  /** Bytes that it may still send in this turn; below 0: what it sent ahead of its share. The scheduler's alone. */
  deficit: number;
  /** The next piece to write, or `undefined` when there is nothing, or nothing yet. */
  next(now: number): Uint8Array | undefined;
}

/** The connection that a source writes to, as the source sees it. */
export interface SourceReader {
  readonly encoding: Encoding;
  /** The source has, or may have, something to send. */
  wake(source: Source): void;
  /** Something that answers no request was made for it. */
  onTold(): void;
}
