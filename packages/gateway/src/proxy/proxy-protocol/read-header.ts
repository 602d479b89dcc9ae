import { incomplete, invalid } from "./header.ts";
import type { HeaderReading } from "./header.ts";
import { readV1 } from "./read-v1.ts";
import { readV2, signature } from "./read-v2.ts";

const versionOne: Uint8Array = Buffer.from("PROXY ", "latin1");

/**
 * What the first bytes of a connection from a proxy are. The protocol leaves nothing open: a connection without a header is
 * `invalid`, since else any client could name its own address.
 *
 * @param maxBytes - Of a header of version 2; of version 1 it is 107.
 */
export function readProxyHeader(bytes: Uint8Array, maxBytes: number): HeaderReading {
  if (beginsWith(bytes, signature)) return readV2(bytes, maxBytes);
  if (!beginsWith(bytes, versionOne)) return invalid("the connection does not begin with a PROXY protocol header");
  return bytes.length < versionOne.length ? incomplete : readV1(bytes);
}

/** As far as there are bytes. */
function beginsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  const length = Math.min(bytes.length, start.length);
  for (let index = 0; index < length; index += 1) if (bytes[index] !== start[index]) return false;
  return true;
}
