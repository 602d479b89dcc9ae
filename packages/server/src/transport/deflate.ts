import { constants, deflateRawSync } from "node:zlib";
import type { Deflate } from "../delivery/compression.ts";

/** An empty block without compression, which `Z_SYNC_FLUSH` ends with, and which is not sent (RFC 7692, section 7.2.1). */
const trailerBytes = 4;

/**
 * Compresses with zlib, in the turn that asks: a few tens of microseconds for a block of some kilobytes, where a thread
 * would take longer to be told of it.
 *
 * @param level - 1 (fast) to 9 (small).
 */
export function zlibDeflate(level: number): Deflate {
  const options = { level, finishFlush: constants.Z_SYNC_FLUSH };
  return (message) => {
    const deflated = deflateRawSync(message, options);
    return deflated.subarray(0, deflated.length - trailerBytes);
  };
}
