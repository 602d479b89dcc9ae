import type { Balancer, Candidate } from "./balancer.ts";

/**
 * One after the other, each as often as its weight says, and as evenly spread as can be: the smooth weighted round robin of
 * nginx (ngx_http_upstream_round_robin.c). Each pick gives all candidates their weight, and takes the whole of it from the one
 * that has most.
 */
export class RoundRobin implements Balancer {
  #owed = new Map<string, number>();

  pick<C extends Candidate>(candidates: readonly C[]): C {
    let total = 0;
    let best = candidates[0]!;
    let most = Number.NEGATIVE_INFINITY;
    const owed = new Map<string, number>();
    for (const candidate of candidates) {
      const has = (this.#owed.get(candidate.name) ?? 0) + candidate.weight;
      owed.set(candidate.name, has);
      total += candidate.weight;
      if (has <= most) continue;
      most = has;
      best = candidate;
    }
    owed.set(best.name, most - total);
    // Whoever is not a candidate now comes back owed nothing: it must not be flooded with what it missed.
    this.#owed = owed;
    return best;
  }
}
