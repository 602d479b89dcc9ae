import { validateHeaderName, validateHeaderValue } from "node:http";
import { HawserError } from "@hawser/protocol";

/** One WebSocket server of a pool. */
export interface TargetOptions {
  /** `ws://10.0.0.5:9000/base` or `wss://...`: what a client asks for is added to its path. */
  readonly url: string;
  /** By which it is drained, logged and counted. Default: host and port of the URL. */
  readonly name?: string;
  /** Its share, against those of the others: 1 to 1,000. Default 1. */
  readonly weight?: number;
  /** Sockets that it gets at most from this node. Default: those of the pool. */
  readonly maxConnections?: number;
}

/** How a target is chosen among those in service. */
export type Balance = "least-connections" | "two-choices" | "round-robin" | "hash";

/** By what `hash` chooses: the same value goes to the same target as long as that is in service. */
export type HashBy = "user" | "address" | "path" | { readonly header: string };

/** How targets are asked whether they live. */
export interface HealthOptions {
  /** A path that is to answer `GET` with 200 to 399. Default: that a TCP connection is taken is enough. */
  readonly path?: string;
  /** Default 5,000. */
  readonly intervalMs?: number;
  /** Default 2,000. */
  readonly timeoutMs?: number;
  /** So many failures in a row take a target out of service. Default 2. */
  readonly failures?: number;
  /** So many successes in a row put it back. Default 2. */
  readonly successes?: number;
}

/** A pool of WebSocket servers. */
export interface TargetPoolOptions {
  readonly kind?: "websocket";
  /** URLs, or targets with options of their own; up to 1,000. */
  readonly targets: readonly (string | TargetOptions)[];
  /** Default `least-connections`. */
  readonly balance?: Balance;
  /** For `hash`. Default `user`. */
  readonly hashBy?: HashBy;
  /** Sent to the targets with each virtual socket's handshake. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * At least 32 bytes: targets are told whose socket it is, in a token signed with it, as the header `x-hawser-identity`. Default:
   * they are told nothing.
   */
  readonly identitySecret?: string;
  /** From asking a target to its answer. Default 5,000. */
  readonly connectTimeoutMs?: number;
  /** So many other targets are tried when one cannot be reached. Default 2. */
  readonly retries?: number;
  /** Sockets of a target that has no limit of its own. Default 10,000. */
  readonly maxConnections?: number;
  /** Default: asked by TCP; false: not at all. */
  readonly health?: HealthOptions | false;
  /** So many connects in a row that failed put a target out of service for a while. Default 3. */
  readonly ejectAfter?: number;
  /** For how long, the first time; twice as long each time after, up to 32 times. Default 10,000. */
  readonly ejectMs?: number;
  /** Over that time a target that comes into service takes its whole share. Default 0. */
  readonly slowStartMs?: number;
}

/** A target that was found good. */
export interface TargetSettings {
  readonly name: string;
  readonly url: URL;
  readonly weight: number;
  readonly maxConnections: number;
}

/** Options that were found good, with the defaults. */
export interface TargetPoolSettings {
  readonly targets: readonly TargetSettings[];
  readonly balance: Balance;
  readonly hashBy: HashBy;
  readonly headers: Readonly<Record<string, string>>;
  readonly identitySecret: string | undefined;
  readonly connectTimeoutMs: number;
  readonly retries: number;
  readonly health: (Required<Omit<HealthOptions, "path">> & { readonly path: string | undefined }) | undefined;
  readonly ejectAfter: number;
  readonly ejectMs: number;
  readonly slowStartMs: number;
}

const balances: readonly Balance[] = ["least-connections", "two-choices", "round-robin", "hash"];
const maxTargets = 1_000;
const maxTimerMs = 2 ** 31 - 1;

/**
 * @param at - What errors call it: `pools.quotes`.
 * @throws HawserError `option-invalid`
 */
export function targetPoolSettings(options: TargetPoolOptions, at: string): TargetPoolSettings {
  const { balance = "least-connections", hashBy = "user", headers = {}, maxConnections = 10_000 } = options;
  const { connectTimeoutMs = 5_000, retries = 2, ejectAfter = 3, ejectMs = 10_000, slowStartMs = 0 } = options;
  if (!balances.includes(balance)) throw invalid(`${at}.balance`, `must be one of ${balances.join(", ")}`);
  if (typeof hashBy === "string" ? !["user", "address", "path"].includes(hashBy) : typeof hashBy?.header !== "string")
    throw invalid(`${at}.hashBy`, "must be user, address, path, or { header }");
  for (const [name, value] of Object.entries(headers)) checkHeader(name, value, `${at}.headers`);
  const { identitySecret } = options;
  if (identitySecret !== undefined && (typeof identitySecret !== "string" || Buffer.byteLength(identitySecret) < 32))
    throw invalid(`${at}.identitySecret`, "must have at least 32 bytes");
  const whole = (name: string, value: number, lowest: number, highest: number): number => {
    if (!Number.isInteger(value) || value < lowest || value > highest)
      throw invalid(`${at}.${name}`, `must be an integer from ${lowest} to ${highest}`);
    return value;
  };
  const { targets } = options;
  if (!Array.isArray(targets) || targets.length === 0 || targets.length > maxTargets)
    throw invalid(`${at}.targets`, `must be a list of 1 to ${maxTargets} targets`);
  whole("maxConnections", maxConnections, 1, Number.MAX_SAFE_INTEGER);
  const settings = targets.map((target: string | TargetOptions, index) =>
    targetSettings(typeof target === "string" ? { url: target } : target, maxConnections, `${at}.targets[${index}]`),
  );
  for (const [index, { name }] of settings.entries())
    if (settings.findIndex((other) => other.name === name) < index)
      throw invalid(`${at}.targets[${index}]`, `has the name ${name}, as another has`);
  const { path, intervalMs = 5_000, timeoutMs = 2_000, failures = 2, successes = 2 } = options.health || {};
  return {
    targets: settings,
    balance,
    hashBy,
    headers,
    identitySecret,
    connectTimeoutMs: whole("connectTimeoutMs", connectTimeoutMs, 1, maxTimerMs),
    retries: whole("retries", retries, 0, 100),
    health:
      options.health === false
        ? undefined
        : {
            path,
            intervalMs: whole("health.intervalMs", intervalMs, 10, maxTimerMs),
            timeoutMs: whole("health.timeoutMs", timeoutMs, 1, maxTimerMs),
            failures: whole("health.failures", failures, 1, 1_000),
            successes: whole("health.successes", successes, 1, 1_000),
          },
    ejectAfter: whole("ejectAfter", ejectAfter, 1, 1_000_000),
    ejectMs: whole("ejectMs", ejectMs, 1, 86_400_000),
    slowStartMs: whole("slowStartMs", slowStartMs, 0, maxTimerMs),
  };
}

function targetSettings(options: TargetOptions, most: number, at: string): TargetSettings {
  const { url: text, weight = 1, maxConnections = most } = options;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^wss?:$/.test(url.protocol) || url.hash !== "" || url.search !== "" || url.username !== "")
    throw invalid(`${at}.url`, "must be a ws or wss URL without query, fragment and user");
  const { name = url.host } = options;
  if (!/^[\w.:[\]-]{1,128}$/.test(name)) throw invalid(`${at}.name`, "must have 1 to 128 letters, digits and . : - _");
  if (!Number.isInteger(weight) || weight < 1 || weight > 1_000)
    throw invalid(`${at}.weight`, "must be an integer from 1 to 1000");
  if (!Number.isSafeInteger(maxConnections) || maxConnections < 1)
    throw invalid(`${at}.maxConnections`, "must be an integer from 1 on");
  return { name, url, weight, maxConnections };
}

function checkHeader(name: string, value: string, at: string): void {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
  } catch {
    throw invalid(at, `has a header that cannot be sent: ${JSON.stringify(name)}`);
  }
}

function invalid(at: string, reason: string): HawserError {
  return new HawserError("option-invalid", `${at} ${reason}.`);
}
