import type { ConnectionOptions } from "node:tls";
import { HawserError } from "@hawser/protocol";
import { headersFor } from "../headers/client-headers.ts";
import type { ClientHeaders, HeadersFor } from "../headers/client-headers.ts";
import type { TokenExchangeOptions } from "../upstream/token-exchange.ts";
import { checkMembers, checkTls } from "./option-object.ts";
import type { Balance, DnsOptions, HashBy, HealthOptions, TargetOptions, TargetPoolOptions } from "./pool-options.ts";

/** A target that was found good. */
export interface TargetSettings {
  readonly name: string;
  readonly url: URL;
  readonly weight: number;
  readonly maxConnections: number;
  readonly tls: ConnectionOptions | undefined;
}

export type HealthSettings = Required<HealthOptions>;

/** When a target that fails those who connect is left out. */
export type EjectionSettings = Readonly<
  Record<"ejectAfter" | "ejectShare" | "ejectMs" | "maxEjectMs" | "maxEjectedShare", number>
>;

export interface DnsSettings extends DnsOptions {
  readonly target: URL;
  readonly refreshMs: number;
  readonly minRefreshMs: number;
}

/** Options that were found good, with the defaults. */
export interface TargetPoolSettings extends EjectionSettings {
  readonly targets: readonly TargetSettings[];
  readonly dns: DnsSettings | undefined;
  readonly balance: Balance;
  readonly hashBy: HashBy;
  readonly maxHashLoad: number;
  readonly headers: HeadersFor;
  readonly identitySecret: string | undefined;
  readonly tokenExchange: TokenExchangeOptions | undefined;
  readonly compression: boolean;
  readonly connectTimeoutMs: number;
  readonly retries: number;
  readonly maxConnections: number;
  readonly maxPoolConnections: number;
  readonly connectionsPerSecond: number;
  readonly health: HealthSettings | undefined;
  readonly panicShare: number | false;
  readonly slowStartMs: number;
  readonly drainTimeoutMs: number;
}

const poolMembers = {
  kind: true,
  targets: true,
  dns: true,
  balance: true,
  hashBy: true,
  maxHashLoad: true,
  headers: true,
  identitySecret: true,
  tokenExchange: true,
  compression: true,
  connectTimeoutMs: true,
  retries: true,
  maxConnections: true,
  maxPoolConnections: true,
  connectionsPerSecond: true,
  health: true,
  ejectAfter: true,
  ejectShare: true,
  ejectMs: true,
  maxEjectMs: true,
  maxEjectedShare: true,
  panicShare: true,
  slowStartMs: true,
  drainTimeoutMs: true,
} as const;
const targetMembers = { url: true, name: true, weight: true, maxConnections: true, tls: true } as const;
const dnsMembers = { url: true, srv: true, refreshMs: true, minRefreshMs: true, tls: true } as const;
const healthMembers = {
  kind: true,
  path: true,
  statuses: true,
  intervalMs: true,
  timeoutMs: true,
  failures: true,
  successes: true,
} as const;

const balances: readonly Balance[] = ["least-connections", "two-choices", "round-robin", "hash"];
/** Past it a pool is two pools. */
export const maxTargets = 1_000;
const maxTimerMs = 2 ** 31 - 1;

/**
 * @param at - What errors call it: `pools.quotes`.
 * @throws HawserError `option-invalid`
 */
export function targetPoolSettings(options: TargetPoolOptions, at: string): TargetPoolSettings {
  checkMembers(options, poolMembers, at);
  const { balance = "least-connections", hashBy = "user", headers = {}, maxConnections = 10_000 } = options;
  const { targets = [], dns, identitySecret, tokenExchange, compression = false } = options;
  if (!balances.includes(balance)) throw invalid(`${at}.balance`, `must be one of ${balances.join(", ")}`);
  if (typeof hashBy === "string" ? !["user", "address", "path"].includes(hashBy) : !isName(hashBy?.header))
    throw invalid(`${at}.hashBy`, "must be user, address, path, or { header }");
  if (identitySecret !== undefined && (typeof identitySecret !== "string" || Buffer.byteLength(identitySecret) < 32))
    throw invalid(`${at}.identitySecret`, "must have at least 32 bytes");
  if (tokenExchange !== undefined) checkTokenExchange(tokenExchange, `${at}.tokenExchange`);
  if (typeof compression !== "boolean") throw invalid(`${at}.compression`, "must be true or false");
  if (!Array.isArray(targets) || targets.length > maxTargets || (targets.length === 0 && dns === undefined))
    throw invalid(`${at}.targets`, `must be a list of 1 to ${maxTargets} targets, or dns must be there`);
  const whole = (name: string, value: number, lowest: number, highest: number): number => {
    if (!Number.isInteger(value) || value < lowest || value > highest)
      throw invalid(`${at}.${name}`, `must be an integer from ${lowest} to ${highest}`);
    return value;
  };
  const share = (name: string, value: number, mayBeZero: boolean): number => {
    if (typeof value !== "number" || !(value <= 1) || !(mayBeZero ? value >= 0 : value > 0))
      throw invalid(`${at}.${name}`, `must be ${mayBeZero ? "from" : "above"} 0 to 1`);
    return value;
  };
  whole("maxConnections", maxConnections, 1, Number.MAX_SAFE_INTEGER);
  const settings = targets.map((target: string | TargetOptions, index) =>
    targetSettings(typeof target === "string" ? { url: target } : target, maxConnections, `${at}.targets[${index}]`),
  );
  for (const [index, { name }] of settings.entries())
    if (settings.findIndex((other) => other.name === name) < index)
      throw invalid(`${at}.targets[${index}]`, `has the name ${name}, as another has`);
  const { maxHashLoad = 0 } = options;
  if (maxHashLoad !== 0 && !(typeof maxHashLoad === "number" && maxHashLoad >= 1.05 && maxHashLoad <= 100))
    throw invalid(`${at}.maxHashLoad`, "must be 0, or from 1.05 to 100");
  const { ejectMs = 10_000, maxEjectMs = Math.max(ejectMs, 300_000) } = options;
  whole("ejectMs", ejectMs, 1, 86_400_000);
  return {
    targets: settings,
    dns: dns === undefined ? undefined : dnsSettings(dns, at, whole),
    balance,
    hashBy,
    maxHashLoad,
    headers: headersOf(headers, `${at}.headers`),
    identitySecret,
    tokenExchange,
    compression,
    maxConnections,
    connectTimeoutMs: whole("connectTimeoutMs", options.connectTimeoutMs ?? 5_000, 1, maxTimerMs),
    retries: whole("retries", options.retries ?? 2, 0, 100),
    maxPoolConnections: whole("maxPoolConnections", options.maxPoolConnections ?? 100_000, 1, Number.MAX_SAFE_INTEGER),
    connectionsPerSecond: whole("connectionsPerSecond", options.connectionsPerSecond ?? 0, 0, 1_000_000),
    health: options.health === false ? undefined : healthSettings(options.health ?? {}, at, whole),
    ejectAfter: whole("ejectAfter", options.ejectAfter ?? 3, 1, 1_000_000),
    ejectShare: share("ejectShare", options.ejectShare ?? 0.5, false),
    ejectMs,
    maxEjectMs: whole("maxEjectMs", maxEjectMs, ejectMs, 86_400_000),
    maxEjectedShare: share("maxEjectedShare", options.maxEjectedShare ?? 0.5, true),
    panicShare: options.panicShare === false ? false : share("panicShare", options.panicShare ?? 0, true),
    slowStartMs: whole("slowStartMs", options.slowStartMs ?? 0, 0, maxTimerMs),
    drainTimeoutMs: whole("drainTimeoutMs", options.drainTimeoutMs ?? 600_000, 0, maxTimerMs),
  };
}

type Whole = (name: string, value: number, lowest: number, highest: number) => number;

function isName(header: unknown): boolean {
  return typeof header === "string" && header !== "";
}

function healthSettings(health: HealthOptions, at: string, whole: Whole): HealthSettings {
  checkMembers(health, healthMembers, `${at}.health`);
  const { path = "/", kind = health.path === undefined ? "tcp" : "http", statuses = [] } = health;
  if (!["tcp", "http", "websocket"].includes(kind))
    throw invalid(`${at}.health.kind`, "must be tcp, http or websocket");
  if (typeof path !== "string" || !/^\/[\u0021-\u007e]*$/.test(path))
    throw invalid(`${at}.health.path`, "must begin with / and be ASCII");
  if (!Array.isArray(statuses)) throw invalid(`${at}.health.statuses`, "must be a list");
  for (const status of statuses) whole("health.statuses", status, 200, 599);
  return {
    kind,
    path,
    statuses,
    intervalMs: whole("health.intervalMs", health.intervalMs ?? 5_000, 10, maxTimerMs),
    timeoutMs: whole("health.timeoutMs", health.timeoutMs ?? 2_000, 1, maxTimerMs),
    failures: whole("health.failures", health.failures ?? 2, 1, 1_000),
    successes: whole("health.successes", health.successes ?? 2, 1, 1_000),
  };
}

function dnsSettings(dns: DnsOptions, at: string, whole: Whole): DnsSettings {
  checkMembers(dns, dnsMembers, `${at}.dns`);
  const { srv, tls } = dns;
  checkTls(tls, `${at}.dns.tls`);
  if (srv !== undefined && (typeof srv !== "string" || srv === ""))
    throw invalid(`${at}.dns.srv`, "must be a name of SRV records");
  const refreshMs = whole("dns.refreshMs", dns.refreshMs ?? 30_000, 1_000, 3_600_000);
  const minRefreshMs = whole("dns.minRefreshMs", dns.minRefreshMs ?? 1_000, 100, refreshMs);
  return { ...dns, refreshMs, minRefreshMs, target: urlOf(dns.url, `${at}.dns`) };
}

function checkTokenExchange(exchange: TokenExchangeOptions, at: string): void {
  const { url, clientId, clientSecret, subjectToken } = exchange;
  if (typeof url !== "string" || !URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw invalid(`${at}.url`, "must be an http or https URL");
  if (typeof clientId !== "string" || clientId === "") throw invalid(`${at}.clientId`, "must be text");
  if (typeof clientSecret !== "string") throw invalid(`${at}.clientSecret`, "must be text");
  if (typeof subjectToken !== "function") throw invalid(`${at}.subjectToken`, "must be a function");
}

function targetSettings(options: TargetOptions, most: number, at: string): TargetSettings {
  checkMembers(options, targetMembers, at);
  const { weight = 1, maxConnections = most, tls } = options;
  checkTls(tls, `${at}.tls`);
  const url = urlOf(options.url, at);
  const { name = url.host } = options;
  if (typeof name !== "string" || !/^[\w.:[\]-]{1,128}$/.test(name))
    throw invalid(`${at}.name`, "must have 1 to 128 letters, digits and . : - _");
  if (!Number.isInteger(weight) || weight < 1 || weight > 1_000)
    throw invalid(`${at}.weight`, "must be an integer from 1 to 1000");
  if (!Number.isSafeInteger(maxConnections) || maxConnections < 1)
    throw invalid(`${at}.maxConnections`, "must be an integer from 1 on");
  return { name, url, weight, maxConnections, tls };
}

function urlOf(text: string, at: string): URL {
  const url = typeof text === "string" && URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^wss?:$/.test(url.protocol) || url.hash !== "" || url.search !== "" || url.username !== "")
    throw invalid(`${at}.url`, "must be a ws or wss URL without query, fragment and user");
  return url;
}

function headersOf(headers: ClientHeaders, at: string): HeadersFor {
  if (typeof headers !== "function" && (typeof headers !== "object" || headers === null || Array.isArray(headers)))
    throw invalid(at, "must be an object");
  try {
    return headersFor(headers);
  } catch (error) {
    throw invalid(at, error instanceof Error ? error.message : String(error));
  }
}

function invalid(at: string, reason: string): HawserError {
  return new HawserError("option-invalid", `${at} ${reason}.`);
}
