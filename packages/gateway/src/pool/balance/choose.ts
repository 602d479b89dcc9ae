import type { Random } from "@hawser/protocol";
import type { HashBy } from "../pool-options.ts";
import type { TargetPoolSettings } from "../pool-settings.ts";
import type { Balancer } from "./balancer.ts";
import { ConsistentHash } from "./consistent-hash.ts";
import { LeastConnections } from "./least-connections.ts";
import { TwoChoices } from "./two-choices.ts";
import { RoundRobin } from "./round-robin.ts";

/** By what a target may be chosen. */
export interface PoolRequest {
  /** "": nobody. */
  readonly user: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly path: string;
  readonly address: string;
  /** Aborted when whoever asks has gone: then no target is blamed, and no other tried. */
  readonly signal?: AbortSignal;
}

export function balancerOf(
  { balance, maxHashLoad }: Pick<TargetPoolSettings, "balance" | "maxHashLoad">,
  random: Random,
): Balancer {
  if (balance === "round-robin") return new RoundRobin();
  if (balance === "two-choices") return new TwoChoices(random);
  const leastConnections = new LeastConnections(random);
  return balance === "hash" ? new ConsistentHash(leastConnections, maxHashLoad) : leastConnections;
}

/** What is hashed: where that is not there, the address. */
export function keyOf(hashBy: HashBy, request: PoolRequest): string {
  if (typeof hashBy === "string") return request[hashBy] === "" ? request.address : request[hashBy];
  const value = request.headers[hashBy.header.toLowerCase()];
  return (typeof value === "string" ? value : value?.join(", ")) ?? request.address;
}
