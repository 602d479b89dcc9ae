import type { GatewayOptions } from "@hawser/gateway";
import type { GatewayConfig, RelayConfig } from "./define-gateway.ts";

/** What of a configuration is the gateway's own; the rest is the server's and the command's. */
export function gatewayOptions(config: GatewayConfig): GatewayOptions {
  const { pools, routes, name, authorizePlain, trustProxy, peers, addresses, limits, relay } = config;
  // The files of its certificate are read when it is run.
  const { tls: _, ...relayed } = relay ?? {};
  return {
    pools,
    ...(routes === undefined ? {} : { routes }),
    ...(name === undefined ? {} : { name }),
    ...(authorizePlain === undefined ? {} : { authorizePlain }),
    ...(trustProxy === undefined ? {} : { trustProxy }),
    ...(peers === undefined ? {} : { peers }),
    ...(addresses === undefined ? {} : { endpoints: addresses }),
    ...(relay === undefined ? {} : { relay: relayed as Omit<RelayConfig, "tls"> }),
    ...(limits === undefined ? {} : { limits }),
  };
}
