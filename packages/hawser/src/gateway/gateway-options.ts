import type { GatewayOptions } from "@hawser/gateway";
import type { GatewayConfig } from "./define-gateway.ts";

/** What of a configuration is the gateway's own; the rest is the server's and the command's. */
export function gatewayOptions(config: GatewayConfig): GatewayOptions {
  const { pools, routes, name, authorizePlain, trustProxy, peers, addresses, limits } = config;
  return {
    pools,
    ...(routes === undefined ? {} : { routes }),
    ...(name === undefined ? {} : { name }),
    ...(authorizePlain === undefined ? {} : { authorizePlain }),
    ...(trustProxy === undefined ? {} : { trustProxy }),
    ...(peers === undefined ? {} : { peers }),
    ...(addresses === undefined ? {} : { endpoints: addresses }),
    ...(limits === undefined ? {} : { limits }),
  };
}
