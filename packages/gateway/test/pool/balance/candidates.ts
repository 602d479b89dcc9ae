import fc from "fast-check";
import type { Candidate } from "../../../src/pool/balance/balancer.ts";

export interface Counted extends Candidate {
  connections: number;
}

/** Targets with weights from 1 to 10, idle and of unknown latency. */
export const targets = fc
  .array(fc.integer({ min: 1, max: 10 }), { minLength: 1, maxLength: 12 })
  .map((weights) =>
    weights.map((weight, index): Counted => ({ name: `t${index}`, weight, connections: 0, latencyMs: undefined })),
  );

/** Pseudo-random numbers in [0, 1), the same for the same seed (mulberry32). */
function numbersOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function randomOf(seed: number) {
  return { number: numbersOf(seed), bytes: (count: number) => new Uint8Array(count) };
}
