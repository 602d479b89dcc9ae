import type { Encoding } from "./block.ts";

/** What a connection writes from: pieces that are made at the last moment, from a cursor of its own. */
export interface Source {
  /** Whether it stands in its connection's list of those to be served; kept here so that waking costs no look-up. */
  listed: boolean;
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
