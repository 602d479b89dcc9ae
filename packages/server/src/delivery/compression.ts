import type { NodeOptions } from "../node-options.ts";
import type { Framing } from "../transport/transport.ts";

/**
 * Compresses one message by itself, so that whoever inflates it needs none before it: raw DEFLATE (RFC 1951) as a message of
 * permessage-deflate has it, without the four bytes at its end (RFC 7692, section 7.2.1). Synchronous, in a window of 32 KiB.
 */
export type Deflate = (message: Uint8Array) => Uint8Array;

/** The window of `Deflate`: how far back what it writes may point. */
const deflateWindowBytes = 32_768;

export interface CompressionOptions {
  readonly deflate: Deflate;
  /** Messages that are shorter go as they are. */
  readonly minDeflateBytes: number;
  /** So do messages that are longer: compressing holds up everything else. */
  readonly maxDeflateBytes: number;
  /** A message was compressed, from so many bytes to so many; they are the same when nothing was gained. */
  readonly onDeflated: (messageBytes: number, deflatedBytes: number) => void;
}

/** Decides which messages are compressed, and frames them. */
export class Compression {
  readonly #options: CompressionOptions;

  constructor(options: CompressionOptions) {
    this.#options = options;
  }

  /**
   * Whether a message of so many bytes is compressed for a peer whose window holds `windowBytes` (0: it inflates nothing).
   * What was compressed in a larger window points back no further than its own beginning.
   */
  suits(messageBytes: number, windowBytes: number): boolean {
    const { minDeflateBytes, maxDeflateBytes } = this.#options;
    if (messageBytes < minDeflateBytes || messageBytes > maxDeflateBytes) return false;
    return Math.min(messageBytes, deflateWindowBytes) <= windowBytes;
  }

  /** The message compressed and framed; `undefined` where that is not shorter. */
  frame(message: Uint8Array, framing: Framing): Uint8Array | undefined {
    const { headroomBytes, frameDeflated } = framing;
    if (frameDeflated === undefined) return undefined;
    const deflated = this.#options.deflate(message);
    const shorter = deflated.length < message.length;
    this.#options.onDeflated(message.length, shorter ? deflated.length : message.length);
    if (!shorter) return undefined;
    const framed = new Uint8Array(headroomBytes + deflated.length);
    framed.set(deflated, headroomBytes);
    return frameDeflated(framed);
  }
}

/** What compresses the blocks of a node; `undefined`: they are not compressed. */
export function compressionOf({ deflate, limits, observer }: NodeOptions): Compression | undefined {
  if (deflate === undefined) return undefined;
  const { minDeflateBytes, maxDeflateBytes } = limits;
  const onDeflated = (messageBytes: number, deflatedBytes: number): void =>
    observer.deflated(messageBytes, deflatedBytes);
  return new Compression({ deflate, minDeflateBytes, maxDeflateBytes, onDeflated });
}
