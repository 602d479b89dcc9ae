import { HawserError } from "@hawser/protocol";
import { checkEndpoints } from "../drain/endpoints.ts";

/** How a node is one of several that share a log. */
export interface ClusterOptions {
  /**
   * Public addresses by which clients reach this node and no other, such as `wss://a.example.org/hawser`; at most 32. Where clients
   * are sent to other nodes (a drain, `spread`, `rebalance`), it is to theirs. Default: none, and nobody is sent here.
   */
  readonly endpoints?: readonly string[];
  /**
   * Moves clients from here to nodes that have fewer, such as one that has just started: true, or how. Nobody is moved to nodes without
   * `endpoints`. Default true.
   */
  readonly rebalance?: boolean | RebalanceOptions;
  /** Moves a session's second connection to another node, where a load balancer put both here. Default true. */
  readonly spread?: boolean;
}

/** How clients are moved to nodes that have fewer. */
export interface RebalanceOptions {
  /** More than the fair share by so much is none too many: 1 to 100. Default 10. */
  readonly tolerancePercent?: number;
  /** Clients are told no faster. Default 20. */
  readonly maxMovesPerSecond?: number;
}

/** What `cluster` is set to. */
export interface ClusterSettings {
  readonly endpoints: readonly string[];
  /** `undefined`: nobody is moved. */
  readonly rebalance: Required<RebalanceOptions> | undefined;
  readonly spread: boolean;
}

const defaultRebalance: Required<RebalanceOptions> = { tolerancePercent: 10, maxMovesPerSecond: 20 };

const optionNames: ReadonlySet<string> = new Set<keyof ClusterOptions>(["endpoints", "rebalance", "spread"]);

/**
 * Fills in the defaults.
 *
 * @returns `undefined` for a node that is alone.
 * @throws HawserError `option-invalid`, which names the option.
 */
export function clusterSettings(given: boolean | ClusterOptions): ClusterSettings | undefined {
  if (given === false) return undefined;
  const options = given === true ? {} : given;
  if (typeof options !== "object" || options === null)
    refuse("cluster", "must be true, false, or an object such as { endpoints }");
  for (const name of Object.keys(options))
    if (!optionNames.has(name)) refuse(`cluster.${name}`, "is not an option of cluster");
  const { endpoints = [], rebalance = true, spread = true } = options;
  checkEndpoints("cluster.endpoints", endpoints);
  if (typeof spread !== "boolean") refuse("cluster.spread", "must be true or false");
  return { endpoints, rebalance: rebalanceOf(rebalance), spread };
}

function rebalanceOf(given: boolean | RebalanceOptions): Required<RebalanceOptions> | undefined {
  if (given === false) return undefined;
  if (given === true) return defaultRebalance;
  if (typeof given !== "object" || given === null) refuse("cluster.rebalance", "must be true, false, or an object");
  for (const name of Object.keys(given))
    if (!Object.hasOwn(defaultRebalance, name)) refuse(`cluster.rebalance.${name}`, "is not an option of rebalance");
  const options = { ...defaultRebalance, ...given };
  inRange("tolerancePercent", options.tolerancePercent, 100);
  inRange("maxMovesPerSecond", options.maxMovesPerSecond, 1_000);
  return options;
}

function inRange(name: string, value: unknown, most: number): void {
  if (!Number.isSafeInteger(value) || (value as number) < 1 || (value as number) > most)
    refuse(`cluster.rebalance.${name}`, `must be an integer from 1 to ${most}`);
}

function refuse(name: string, reason: string): never {
  throw new HawserError("option-invalid", `${name} ${reason}.`);
}
