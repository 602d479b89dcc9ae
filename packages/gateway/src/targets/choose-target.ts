import { createHash } from "node:crypto";
import type { Random } from "@hawser/protocol";
import type { ProxyPoolRequest } from "../proxy/pool-port.ts";
import type { TargetPoolSettings } from "./target-pool-options.ts";
import type { Target } from "./target.ts";

/** By what a target is chosen. */
export type ChoiceSettings = Pick<TargetPoolSettings, "balance" | "hashBy" | "slowStartMs">;

/** What a target that has just come into service counts for at least. */
const leastShare = 0.05;

/** One of the targets, all of which take a socket; `undefined` for none. */
export function chooseTarget(
  targets: readonly Target[],
  request: ProxyPoolRequest,
  settings: ChoiceSettings,
  now: number,
  random: Random,
): Target | undefined {
  if (targets.length <= 1) return targets[0];
  const share = (target: Target): number => {
    const { slowStartMs } = settings;
    const grown = slowStartMs === 0 ? 1 : Math.min(1, (now - target.since) / slowStartMs);
    return target.settings.weight * Math.max(leastShare, grown);
  };
  const load = (target: Target): number => (target.open + 1) / share(target);
  switch (settings.balance) {
    case "least-connections":
      return lowest(targets, load, random);
    case "two-choices": {
      const first = Math.floor(random.number() * targets.length);
      const second = (first + 1 + Math.floor(random.number() * (targets.length - 1))) % targets.length;
      // Of a target that was never measured only its load is known.
      const cost = (target: Target): number => load(target) * (target.latencyMs + 1);
      return lowest([targets[first]!, targets[second]!], cost, random);
    }
    case "round-robin":
      return byTurns(targets, share);
    case "hash":
      return byHash(targets, keyOf(request, settings.hashBy), share);
  }
}

/** Among equals any, so that many gateways do not choose the same. */
function lowest(targets: readonly Target[], cost: (target: Target) => number, random: Random): Target | undefined {
  let best: Target[] = [];
  let bestCost = Infinity;
  for (const target of targets) {
    const own = cost(target);
    if (own < bestCost) [best, bestCost] = [[target], own];
    else if (own === bestCost) best.push(target);
  }
  return best[Math.floor(random.number() * best.length)];
}

/** Weighted round robin that spreads the turns of a heavy target (as nginx does): each is owed its share, the one owed most pays. */
function byTurns(targets: readonly Target[], share: (target: Target) => number): Target | undefined {
  let total = 0;
  let best: Target | undefined;
  for (const target of targets) {
    const own = share(target);
    total += own;
    target.owed += own;
    if (best === undefined || target.owed > best.owed) best = target;
  }
  if (best !== undefined) best.owed -= total;
  return best;
}

/** Rendezvous hashing: what a target that goes had is spread over the others, and nothing else moves. */
function byHash(targets: readonly Target[], key: string, share: (target: Target) => number): Target | undefined {
  let best: Target | undefined;
  let bestScore = -Infinity;
  for (const target of targets) {
    const digest = createHash("sha256").update(`${target.name}\n${key}`).digest();
    const uniform = (digest.readUIntBE(0, 6) + 0.5) / 2 ** 48;
    const score = -share(target) / Math.log(uniform);
    if (score > bestScore) [best, bestScore] = [target, score];
  }
  return best;
}

function keyOf(request: ProxyPoolRequest, hashBy: TargetPoolSettings["hashBy"]): string {
  if (typeof hashBy === "string") return request[hashBy] === "" ? request.address : request[hashBy];
  const value = request.headers[hashBy.header.toLowerCase()];
  return (typeof value === "string" ? value : value?.join(",")) ?? request.address;
}
