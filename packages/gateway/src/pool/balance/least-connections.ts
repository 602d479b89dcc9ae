import type { Random } from "@hawser/protocol";
import type { Balancer, Candidate } from "./balancer.ts";

/** The target with the fewest connections for its weight; among equals one at random, so that nodes do not all take the same. */
export class LeastConnections implements Balancer {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  pick<C extends Candidate>(candidates: readonly C[]): C {
    let best: C[] = [];
    let least = Number.POSITIVE_INFINITY;
    for (const candidate of candidates) {
      const load = (candidate.connections + 1) / candidate.weight;
      if (load < least) {
        least = load;
        best = [candidate];
      } else if (load === least) best.push(candidate);
    }
    return best[Math.floor(this.#random.number() * best.length)]!;
  }
}
