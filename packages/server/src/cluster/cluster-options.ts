import { HawserError } from "@hawser/protocol";
import { checkEndpoints } from "../drain/endpoints.ts";

/** How a node is one of several that share a log. */
export interface ClusterOptions {
  /**
   * Public addresses by which clients reach this node and no other, such as `wss://a.example.org/hawser`; at most 32. Where clients
   * are sent to other nodes (a drain, `spread`, `rebalance`), it is to theirs. Default: none, and nobody is sent here.
   */
  readonly endpoints?: readonly string[];
}

/** What `cluster` is set to; `undefined`: the node is alone. */
export type ClusterSettings = Required<ClusterOptions>;

const optionNames: ReadonlySet<string> = new Set<keyof ClusterOptions>(["endpoints"]);

/**
 * Fills in the defaults.
 *
 * @throws HawserError `option-invalid`, which names the option.
 */
export function clusterSettings(given: boolean | ClusterOptions): ClusterSettings | undefined {
  if (given === false) return undefined;
  const options = given === true ? {} : given;
  if (typeof options !== "object" || options === null)
    throw new HawserError("option-invalid", "cluster must be true, false, or an object such as { endpoints }.");
  for (const name of Object.keys(options))
    if (!optionNames.has(name)) throw new HawserError("option-invalid", `cluster.${name} is not an option of cluster.`);
  const { endpoints = [] } = options;
  checkEndpoints("cluster.endpoints", endpoints);
  return { endpoints };
}
