import { HawserError } from "@hawser/protocol";
import type { Logger } from "@hawser/server";
import { backendSettings } from "./backend/backend-options.ts";
import type { BackendOptions } from "./backend/backend-options.ts";
import { peersOf } from "./backend/peers.ts";
import type { KnownNode } from "./backend/peers.ts";
import { resolveHomeLimits } from "./home/home-limits.ts";
import type { HomeLimits } from "./home/home-limits.ts";
import type { AccessLog } from "./proxy/access-log.ts";
import type { AuthorizePlain } from "./proxy/authorize-plain.ts";
import { resolveProxyLimits } from "./proxy/limits.ts";
import type { ProxyLimits } from "./proxy/limits.ts";
import { compileRoutes } from "./proxy/route.ts";
import { checkRelay } from "./relay/node-relay.ts";
import type { NodeRelayOptions } from "./relay/node-relay.ts";
import type { RouteOptions } from "./proxy/route.ts";
import { targetPoolSettings } from "./pool/pool-settings.ts";
import type { TargetPoolOptions } from "./pool/pool-options.ts";

/** A pool whose server is an HTTP back end. */
export interface HttpPoolOptions extends BackendOptions {
  readonly kind: "http";
}

/** What bounds a gateway; an HTTP back end has its limits with its pool. */
export interface GatewayLimits {
  /** Of plain clients. */
  readonly proxy?: Partial<ProxyLimits>;
  /** Of virtual sockets. */
  readonly sockets?: Partial<HomeLimits>;
}

/** What is behind a gateway by one name. */
export type GatewayPoolOptions = HttpPoolOptions | TargetPoolOptions;

/** What a gateway is made of. */
export interface GatewayOptions {
  /** What is behind it, by name. */
  readonly pools: Readonly<Record<string, GatewayPoolOptions>>;
  /** Which plain clients go to which pool: the first that fits. Default: none. */
  readonly routes?: readonly RouteOptions[];
  /** By which other nodes know this one; the same after a restart. Default: drawn. */
  readonly name?: string;
  /** Says who a plain client is, and whether it may connect. Default: everybody may. */
  readonly authorizePlain?: AuthorizePlain;
  /** Addresses and ranges of the proxies in front, whose `X-Forwarded-*` are believed. Default: none. */
  readonly trustProxy?: readonly string[];
  /** Told of each plain connection when it has ended. Default: nobody is. */
  readonly accessLog?: AccessLog;
  /** The bases of the other nodes' HTTP APIs, by their names: pushes to their sockets are passed on. Default: none. */
  readonly peers?: Readonly<Record<string, string>>;
  /** Addresses at which Hawser's clients reach this node itself, so that they find their sockets again. Default: none. */
  readonly endpoints?: readonly string[];
  /** The nodes that the cluster knows now: pushes to their sockets are passed on. Default: none. */
  readonly nodes?: () => readonly KnownNode[];
  /** How this node and others reach the homes of each other's virtual sockets. Default: they do not, and a socket whose client comes to another node is gone. */
  readonly relay?: NodeRelayOptions;
  /** Where another node takes links of its relay, as the cluster knows. Default: only those of `relay.nodes` are known. */
  readonly relayOf?: (name: string) => string | undefined;
  readonly limits?: GatewayLimits;
  /** Default: says nothing. */
  readonly logger?: Logger;
}

/** What of a gateway's options can be changed while it runs. */
export type GatewayReload = Pick<GatewayOptions, "pools" | "routes">;

/** One thing that is wrong with options, and where. */
export interface OptionFault {
  /** `pools.app.url`, `routes[0]` */
  readonly at: string;
  /** Completes a sentence that begins with the place. */
  readonly message: string;
}

/** Everything that is wrong with the options; nothing: a gateway can be made of them. */
export function gatewayFaults(options: GatewayOptions): readonly OptionFault[] {
  const { pools, routes = [], limits = {}, peers = {} } = options;
  const faults: OptionFault[] = [];
  const look = (at: string, check: () => unknown): void => {
    try {
      check();
    } catch (error) {
      if (!(error instanceof HawserError)) throw error;
      faults.push(faultOf(at, error.message));
    }
  };
  for (const [name, pool] of Object.entries(pools)) {
    const at = `pools.${name}`;
    if (!isPoolName(name)) faults.push({ at, message: poolNameRule });
    look(at, () => checkPool(pool, at));
  }
  for (const [index, route] of routes.entries()) {
    const at = `routes[${index}]`;
    look(at, () => compileRoutes([route]));
    if (route.poolFrom === "api" && !isPoolName(route.pool)) faults.push({ at: `${at}.pool`, message: poolNameRule });
    if (route.poolFrom !== "api" && !Object.hasOwn(pools, route.pool))
      faults.push({ at: `${at}.pool`, message: noPool(route.pool, Object.keys(pools)) });
  }
  if (!faults.some(({ at }) => at.startsWith("routes"))) look("routes", () => compileRoutes(routes));
  look("limits.proxy", () => resolveProxyLimits(limits.proxy));
  look("limits.sockets", () => resolveHomeLimits(limits.sockets));
  const { relay } = options;
  if (relay !== undefined) look("relay", () => checkRelay(relay));
  look("peers", () => peersOf(peers, () => []));
  return faults;
}

/**
 * Whether it can be the name of a pool.
 */
export function isPoolName(name: string): boolean {
  return /^[\w.-]{1,64}$/.test(name);
}

/** @throws HawserError `option-invalid`, naming what is wrong below `at`. */
export function checkPool(pool: GatewayPoolOptions, at: string): void {
  if (typeof pool !== "object" || pool === null || Array.isArray(pool))
    throw new HawserError("option-invalid", `${at} must be an object.`);
  const { kind = "websocket" } = pool;
  if (kind !== "websocket" && kind !== "http")
    throw new HawserError("option-invalid", `${at}.kind must be websocket or http.`);
  if (pool.kind === "http") backendSettings(pool, at);
  else targetPoolSettings(pool, at);
}

const poolNameRule = "must have a name of 1 to 64 letters, digits, ., - and _";

function noPool(name: string, known: readonly string[]): string {
  return `names the pool ${JSON.stringify(name)}, which is not there (known: ${known.join(", ") || "none"})`;
}

/** An error begins with its place where it knows one; a route's with its name. */
function faultOf(at: string, text: string): OptionFault {
  const plain = text.replace(/\.$/, "");
  const [first = "", ...rest] = plain.split(" ");
  if (first.startsWith(`${at}.`) || first === at) return { at: first, message: rest.join(" ") };
  // The parts know their own limits as `limits`, wherever those stand.
  if (first.startsWith("limits.")) return { at: `${at}.${first.slice("limits.".length)}`, message: rest.join(" ") };
  return { at, message: `is not right: ${plain.replace(/^The route "[^"]*": /, "")}` };
}
