import type { Random } from "@hawser/protocol";
import type { Balancer, Candidate } from "./balancer.ts";

/** What a target is taken to cost that has connections, and none of them was measured yet: enough to wait for the first. */
const unknownLatencyMs = 1_000;

/**
 * Two targets at random, and of them the one that costs less: its latency times what it has to do already. Two choices
 * avoid both the herd that runs to the best one and the spread of pure chance (Mitzenmacher, 2001); latency times load is the
 * cost of Finagle's and linkerd's peak EWMA balancer.
 */
export class TwoChoices implements Balancer {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  pick<C extends Candidate>(candidates: readonly C[]): C {
    const first = this.#draw(candidates);
    const rest = candidates.filter((candidate) => candidate !== first);
    if (rest.length === 0) return first;
    const second = this.#draw(rest);
    return costOf(second) < costOf(first) ? second : first;
  }

  #draw<C extends Candidate>(candidates: readonly C[]): C {
    let left = this.#random.number() * candidates.reduce((sum, { weight }) => sum + weight, 0);
    for (const candidate of candidates) {
      left -= candidate.weight;
      if (left < 0) return candidate;
    }
    return candidates.at(-1)!;
  }
}

/** One that has nothing to do and was never measured costs nothing: it is tried first. */
function costOf({ latencyMs, connections, weight }: Candidate): number {
  if (latencyMs === undefined) return (unknownLatencyMs * connections) / weight;
  return (latencyMs * (connections + 1)) / weight;
}
