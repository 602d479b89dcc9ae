import type { Payload } from "@hawser/protocol";

/** The payload such that keeping it keeps nothing else alive: a part of a larger buffer is copied. */
export function ownPayload(payload: Payload): Payload {
  const { kind, data } = payload;
  return data.byteLength === data.buffer.byteLength ? payload : { kind, data: new Uint8Array(data) };
}
