import type { Payload } from "@hawser/protocol";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A member's state as a payload: JSON text, not changed. */
export function payloadOfState(state: string): Payload {
  return { kind: "json", data: encoder.encode(state) };
}

export function stateOfPayload(payload: Payload): string {
  return decoder.decode(payload.data);
}
