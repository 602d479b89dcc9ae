import type { Random } from "@hawser/protocol";
import type { Balance } from "../pool-options.ts";
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
}

export function balancerOf(balance: Balance, random: Random): Balancer {
  if (balance === "round-robin") return new RoundRobin();
  if (balance === "two-choices") return new TwoChoices(random);
  const leastConnections = new LeastConnections(random);
  return balance === "least-connections" ? leastConnections : new ConsistentHash(leastConnections);
}

/** What is hashed; "" where nothing is, or there is nothing to hash. */
export function keyOf(balance: Balance, request: PoolRequest): string {
  if (typeof balance === "string") return "";
  const { hash } = balance;
  if (typeof hash === "string") return request[hash];
  const value = request.headers[hash.header.toLowerCase()];
  return typeof value === "string" ? value : (value ?? []).join(", ");
}
