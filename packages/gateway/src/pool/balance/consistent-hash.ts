import type { Balancer, Candidate } from "./balancer.ts";

/**
 * The same key goes to the same target, and when targets come or go only their own keys move: rendezvous hashing (Thaler and
 * Ravishankar, 1998), with weights by the logarithm method (Schindelhauer and Schomaker, 2005). With a bound, a target that has so
 * many times its share is passed over for the next in the key's order (Mirrokni, Thorup and Zadimoghaddam, 2018), so that a
 * popular key fills one target to that bound and no further.
 */
export class ConsistentHash implements Balancer {
  readonly #withoutKey: Balancer;
  readonly #maxLoad: number;

  /**
   * @param withoutKey - Chooses for those who have no key.
   * @param maxLoad - How many times its share a target gets at most; 0: whatever its keys bring.
   */
  constructor(withoutKey: Balancer, maxLoad: number) {
    this.#withoutKey = withoutKey;
    this.#maxLoad = maxLoad;
  }

  pick<C extends Candidate>(candidates: readonly C[], key: string): C {
    if (key === "") return this.#withoutKey.pick(candidates, key);
    const weights = candidates.reduce((sum, { weight }) => sum + weight, 0);
    const connections = candidates.reduce((sum, candidate) => sum + candidate.connections, 0) + 1;
    let best: C | undefined;
    let highest = Number.NEGATIVE_INFINITY;
    for (const candidate of candidates) {
      const bound = Math.ceil((this.#maxLoad * connections * candidate.weight) / weights);
      if (this.#maxLoad > 0 && candidate.connections + 1 > bound) continue;
      const score = -candidate.weight / Math.log(unitHash(candidate.name, key));
      if (score > highest || best === undefined) {
        highest = score;
        best = candidate;
      }
    }
    // Somebody is always below the average, and so below the bound.
    return best ?? candidates[0]!;
  }
}

/** A number in (0, 1), the same for the same two texts: FNV-1a of both, mixed by the finalizer of MurmurHash3. */
export function unitHash(first: string, second: string): number {
  const text = `${first}\0${second}`;
  let low = 0x811c9dc5;
  let high = 0x9747b28c;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul(high ^ code, 0x01000193) ^ (low >>> 13);
  }
  const fraction = (mixed(high) >>> 5) * 0x4000000 + (mixed(low ^ high) >>> 6);
  return (fraction + 0.5) / 0x20000000000000;
}

function mixed(value: number): number {
  let hash = value ^ (value >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
