import type { ServerFrame } from "@hawser/protocol";
import { encodeFramed, joinFramed } from "@hawser/server/core";
import type { Encoding, Lane, Source, SourceReader } from "@hawser/server/core";

/** What a source of a socket takes its frames from. */
export interface SocketFrames {
  /** The frames of one message, made at the last moment; none: there is nothing to say now. */
  takeFrames(): readonly ServerFrame[];
}

/** One virtual socket as one connection writes it (SOCK-18): its pieces are made when their turn has come. */
export class SocketSource implements Source {
  readonly lane: Lane;
  behind: Source | undefined = undefined;
  deficit = 0;
  readonly #frames: SocketFrames;
  readonly #reader: SourceReader;
  #closed = false;

  constructor(lane: Lane, frames: SocketFrames, reader: SourceReader) {
    this.lane = lane;
    this.#frames = frames;
    this.#reader = reader;
  }

  wake(): void {
    if (!this.#closed) this.#reader.wake(this);
  }

  /** Its connection is another one now, or none: what is listed of it gives nothing. */
  close(): void {
    this.#closed = true;
  }

  next(): Uint8Array | undefined {
    if (this.#closed) return undefined;
    const frames = this.#frames.takeFrames();
    if (frames.length === 0) return undefined;
    return messageOf(frames, this.#reader.encoding);
  }
}

/** Frames as one message, complete with its header. */
function messageOf(frames: readonly ServerFrame[], encoding: Encoding): Uint8Array {
  if (frames.length === 1) return encodeFramed(frames[0]!, encoding);
  const encoded = frames.map((frame) => encoding.codec.encode(frame));
  return joinFramed(
    encoded,
    encoded.reduce((sum, { byteLength }) => sum + byteLength, 0),
    encoding,
  );
}
