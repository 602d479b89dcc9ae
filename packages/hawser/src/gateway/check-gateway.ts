import { gatewayFaults } from "@hawser/gateway";
import type { GatewayConfig } from "./define-gateway.ts";
import { faultsOf, placeOf, unknownName } from "./faults.ts";
import type { Fault } from "./faults.ts";
import { gatewaySchema, httpPoolSchema, targetPoolSchema } from "./schema.ts";
import { gatewayOptions } from "./gateway-options.ts";

/** What was found of a configuration: it is right, or everything that is wrong with it. */
export type Checked = { readonly config: GatewayConfig } | { readonly faults: readonly Fault[] };

/** The kinds of pools. */
const kinds = ["websocket", "http"];

/** Looks at a configuration as a whole, its shape first, and then what cannot be. */
export function checkGateway(exported: unknown): Checked {
  const parsed = gatewaySchema.safeParse(exported);
  const faults = [...(parsed.success ? [] : faultsOf(parsed.error.issues)), ...poolFaults(exported)];
  if (faults.length > 0) return { faults };
  const config = exported as GatewayConfig;
  const wrong = [...gatewayFaults(gatewayOptions(config)), ...togetherFaults(config)];
  return wrong.length > 0 ? { faults: wrong.map((fault) => withGuess(fault, config)) } : { config };
}

/** Each pool by the schema of its kind. */
function poolFaults(exported: unknown): Fault[] {
  const pools: unknown = (exported as { pools?: unknown } | null)?.pools;
  if (typeof pools !== "object" || pools === null) return [];
  return Object.entries(pools).flatMap(([name, pool]: [string, unknown]) => {
    if (typeof pool !== "object" || pool === null) return [];
    const { kind = "websocket" } = pool as { kind?: unknown };
    if (typeof kind !== "string" || !kinds.includes(kind))
      return [{ at: placeOf(["pools", name, "kind"]), message: `must be one of ${kinds.join(", ")}` }];
    const parsed = (kind === "http" ? httpPoolSchema : targetPoolSchema).safeParse(pool);
    return parsed.success ? [] : faultsOf(parsed.error.issues, ["pools", name]);
  });
}

function togetherFaults({ secret, authenticate }: GatewayConfig): Fault[] {
  if (secret === undefined || authenticate === undefined) return [];
  return [{ at: "secret", message: "does not go together with authenticate" }];
}

/** For a route to a pool that is not there, the nearest that is. */
function withGuess(fault: Fault, { pools, routes = [] }: GatewayConfig): Fault {
  const [, index] = /^routes\[(\d+)\]\.pool$/.exec(fault.at) ?? [];
  const route = index === undefined ? undefined : routes[Number(index)];
  if (route === undefined || route.poolFrom === "api") return fault;
  const { pool } = route;
  return {
    at: fault.at,
    message: `names a pool ${JSON.stringify(pool)}, which ${unknownName(pool, Object.keys(pools))}`,
  };
}
