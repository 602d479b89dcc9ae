import type { ConnectionOptions } from "node:tls";
import { HawserError } from "@hawser/protocol";

/** One server of a pool. */
export interface TargetOptions {
  /** `ws:` or `wss:`; its path goes ahead of what clients ask for. */
  readonly url: string;
  /** By which logs and metrics know it; no two of a pool have the same. Default: host and port of the URL. */
  readonly name?: string;
  /** Its share beside the others'. 1 to 1,000. Default 1. */
  readonly weight?: number;
  /** Connections to it from this node. Default `maxConnectionsPerTarget`. */
  readonly maxConnections?: number;
  /** For `wss:`, as `tls.connect` takes them. Default: the platform's. */
  readonly tls?: ConnectionOptions;
}

/** Where a pool finds its targets by name. */
export interface DnsOptions {
  /** `ws://service.internal:8080/path`: each address of the host is a target. With `srv`, host and port are those of its answers. */
  readonly url: string;
  /** A name of SRV records, such as `_ws._tcp.service.internal`: their weights count, and only the best priority that answers. */
  readonly srv?: string;
  /** How often it is asked again. 1,000 to 3,600,000. Default 30,000. */
  readonly refreshMs?: number;
  readonly tls?: ConnectionOptions;
}

/** How a pool chooses. */
export type Balance =
  | "round-robin"
  | "least-connections"
  | "two-choices"
  /** By the user, the path or the address of the client, or by a header of his (empty for virtual sockets). */
  | { readonly hash: "user" | "path" | "address" | { readonly header: string } };

/** How targets are asked whether they are well. */
export interface HealthOptions {
  /** `tcp`: they take a connection; `http`: a GET answers with one of `statuses`; `websocket`: they upgrade. Default `tcp`. */
  readonly kind?: "tcp" | "http" | "websocket";
  /** Of `http` and `websocket`. Default `/`. */
  readonly path?: string;
  /** Of `http`. Default 200 to 299. */
  readonly statuses?: readonly number[];
  /** From one question to the next, give or take a tenth. Default 5,000. */
  readonly intervalMs?: number;
  /** Default 2,000. */
  readonly timeoutMs?: number;
  /** So many good answers bring a target back. Default 2. */
  readonly rise?: number;
  /** So many bad ones take it out. Default 3. */
  readonly fall?: number;
}

/** When a target that fails those who connect is left out for a while, although it answers when asked. */
export interface EjectionOptions {
  /** Connections that failed in a row. Default 5. */
  readonly failures?: number;
  /** Or this part of the last 20. Above 0, to 1. Default 0.5. */
  readonly failureShare?: number;
  /** For so long the first time; it doubles with each that follows soon. Default 10,000. */
  readonly forMs?: number;
  /** Never longer. Default 300,000. */
  readonly maxForMs?: number;
  /** At most this part of a pool is left out at once. 0: nobody ever is. Default 0.5. */
  readonly maxShare?: number;
}

/** A pool of WebSocket servers. */
export interface TargetPoolOptions {
  /** Default: none. */
  readonly targets?: readonly (string | TargetOptions)[];
  /** Default: they are only those of `targets`. */
  readonly dns?: DnsOptions;
  /** Default `least-connections`. */
  readonly balance?: Balance;
  /** Default: nobody asks, and only those who connect find out. */
  readonly health?: HealthOptions;
  readonly ejection?: EjectionOptions;
  readonly limits?: Partial<PoolLimits>;
}

/** What bounds a pool, on each node. */
export interface PoolLimits {
  /** Of all targets together. Default 100,000. */
  readonly maxConnections: number;
  /** Default 20,000. */
  readonly maxConnectionsPerTarget: number;
  /** New connections a second, with a burst of as many. 0: as many as come. Default 0. */
  readonly connectionsPerSecond: number;
  /** Until a target has answered the handshake. Default 5,000. */
  readonly connectTimeoutMs: number;
  /** Other targets that are tried when one fails, as long as the budget lasts (a fifth of all connections). Default 2. */
  readonly retries: number;
  /** How long the share of a target grows, once it is new or back, from a tenth. 0: it has all of it at once. Default 10,000. */
  readonly slowStartMs: number;
  /** How long those who are connected may stay at a target that is drained or removed. Default 60,000. */
  readonly drainTimeoutMs: number;
}

export const defaultPoolLimits: PoolLimits = {
  maxConnections: 100_000,
  maxConnectionsPerTarget: 20_000,
  connectionsPerSecond: 0,
  connectTimeoutMs: 5_000,
  retries: 2,
  slowStartMs: 10_000,
  drainTimeoutMs: 60_000,
};

/** Past it a pool is two pools. */
export const maxTargets = 1_000;

/** The options of a target, with all that was left out. */
export interface TargetSettings {
  readonly name: string;
  readonly url: URL;
  readonly weight: number;
  readonly maxConnections: number;
  readonly tls: ConnectionOptions | undefined;
}

/** The options of a pool, with all that was left out. */
export interface PoolSettings {
  readonly targets: readonly TargetSettings[];
  readonly dns: (Required<Pick<DnsOptions, "refreshMs">> & DnsOptions & { readonly target: URL }) | undefined;
  readonly balance: Balance;
  readonly health: Required<HealthOptions> | undefined;
  readonly ejection: Required<EjectionOptions>;
  readonly limits: PoolLimits;
}

/**
 * What holds for a pool with these options.
 *
 * @param at - Where they stand, for the text of errors: `pools.quotes`.
 * @throws HawserError `option-invalid`, whose text begins with the place of what is wrong.
 */
export function poolSettings(options: TargetPoolOptions, at: string): PoolSettings {
  const { targets = [], dns, balance = "least-connections", health, ejection = {}, limits: given = {} } = options;
  const limits = { ...defaultPoolLimits, ...given };
  for (const [name, value] of Object.entries(limits)) {
    if (!Object.hasOwn(defaultPoolLimits, name)) invalid(`${at}.limits.${name}`, "is no limit of a pool");
    const least = ["connectionsPerSecond", "retries", "slowStartMs", "drainTimeoutMs"].includes(name) ? 0 : 1;
    whole(`${at}.limits.${name}`, value, least, 2 ** 31 - 1);
  }
  if (targets.length === 0 && dns === undefined) invalid(`${at}.targets`, "must name a target, or dns must be there");
  if (targets.length > maxTargets) invalid(`${at}.targets`, `must be at most ${maxTargets}`);
  const settings = targets.map((target, index) => targetSettings(target, `${at}.targets[${index}]`, limits));
  for (const [index, { name }] of settings.entries())
    if (settings.findIndex((other) => other.name === name) !== index)
      invalid(`${at}.targets[${index}].name`, `is that of another target: ${JSON.stringify(name)}`);
  return {
    targets: settings,
    dns: dns && dnsSettings(dns, `${at}.dns`),
    balance: checkedBalance(balance, `${at}.balance`),
    health: health && healthSettings(health, `${at}.health`),
    ejection: ejectionSettings(ejection, `${at}.ejection`),
    limits,
  };
}

function targetSettings(target: string | TargetOptions, at: string, limits: PoolLimits): TargetSettings {
  const options = typeof target === "string" ? { url: target } : target;
  const url = targetUrl(options.url, typeof target === "string" ? at : `${at}.url`);
  const { name = url.host, weight = 1, maxConnections = limits.maxConnectionsPerTarget, tls } = options;
  if (typeof name !== "string" || name === "" || name.length > 255)
    invalid(`${at}.name`, "must have 1 to 255 characters");
  if (typeof weight !== "number" || !(weight > 0 && weight <= 1_000))
    invalid(`${at}.weight`, "must be above 0 and at most 1,000");
  whole(`${at}.maxConnections`, maxConnections, 1, 2 ** 31 - 1);
  return { name, url, weight, maxConnections, tls };
}

function targetUrl(text: unknown, at: string): URL {
  const url = typeof text === "string" && URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !["ws:", "wss:"].includes(url.protocol)) invalid(at, "must be a URL of ws: or wss:");
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "")
    invalid(at, "must have no user, query or fragment");
  return url;
}

function dnsSettings(dns: DnsOptions, at: string): NonNullable<PoolSettings["dns"]> {
  const { refreshMs = 30_000, srv } = dns;
  whole(`${at}.refreshMs`, refreshMs, 1_000, 3_600_000);
  if (srv !== undefined && (typeof srv !== "string" || srv === "")) invalid(`${at}.srv`, "must be a name");
  return { ...dns, refreshMs, target: targetUrl(dns.url, `${at}.url`) };
}

function checkedBalance(balance: Balance, at: string): Balance {
  if (typeof balance === "string") {
    if (!["round-robin", "least-connections", "two-choices"].includes(balance))
      invalid(at, "must be round-robin, least-connections, two-choices or { hash }");
    return balance;
  }
  const { hash } = balance;
  const isKnown = hash === "user" || hash === "path" || hash === "address";
  if (!isKnown && (typeof hash !== "object" || !/^[!#$%&'*+.^_`|~\w-]+$/.test(hash?.header ?? "")))
    invalid(`${at}.hash`, "must be user, path, address or { header }");
  return balance;
}

function healthSettings(health: HealthOptions, at: string): Required<HealthOptions> {
  const { kind = "tcp", path = "/", statuses = [], intervalMs = 5_000, timeoutMs = 2_000, rise = 2, fall = 3 } = health;
  if (!["tcp", "http", "websocket"].includes(kind)) invalid(`${at}.kind`, "must be tcp, http or websocket");
  if (typeof path !== "string" || !/^\/[\u0021-\u007e]*$/.test(path))
    invalid(`${at}.path`, "must begin with / and be ASCII");
  for (const status of statuses) whole(`${at}.statuses`, status, 100, 599);
  whole(`${at}.intervalMs`, intervalMs, 100, 3_600_000);
  whole(`${at}.timeoutMs`, timeoutMs, 10, 600_000);
  whole(`${at}.rise`, rise, 1, 100);
  whole(`${at}.fall`, fall, 1, 100);
  return { kind, path, statuses, intervalMs, timeoutMs, rise, fall };
}

function ejectionSettings(ejection: EjectionOptions, at: string): Required<EjectionOptions> {
  const { failures = 5, failureShare = 0.5, forMs = 10_000, maxForMs = 300_000, maxShare = 0.5 } = ejection;
  whole(`${at}.failures`, failures, 1, 1_000);
  whole(`${at}.forMs`, forMs, 100, 86_400_000);
  whole(`${at}.maxForMs`, maxForMs, forMs, 86_400_000);
  if (!(failureShare > 0 && failureShare <= 1)) invalid(`${at}.failureShare`, "must be above 0 and at most 1");
  if (!(maxShare >= 0 && maxShare <= 1)) invalid(`${at}.maxShare`, "must be 0 to 1");
  return { failures, failureShare, forMs, maxForMs, maxShare };
}

function whole(at: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most)
    invalid(at, `must be a whole number from ${least} to ${most}`);
}

function invalid(at: string, what: string): never {
  throw new HawserError("option-invalid", `${at} ${what}.`);
}
