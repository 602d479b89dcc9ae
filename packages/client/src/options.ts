import { defaultConnectTimeoutMs, HawserError, protobufClientCodec, systemPorts } from "@hawser/protocol";
import type { ClientCodec, Contract, Ports } from "@hawser/protocol";
import { assertOverflow, defaultOutbox } from "./outbox/options.ts";
import type { OutboxOptions } from "./outbox/options.ts";
import { platformPageLife } from "./page-life/page-life.ts";
import type { PageLife } from "./page-life/page-life.ts";
import { defaultBackoff } from "./session/backoff.ts";
import type { BackoffOptions } from "./session/backoff.ts";
import { planOf } from "./channel/placement.ts";
import type { Placement } from "./channel/placement.ts";
import type { PathPlan } from "./session/session.ts";
import type { Token } from "./session/token-source.ts";
import type { Connector } from "./transport/transport.ts";
import { webSocketConnector } from "./transport/websocket-connector.ts";

/** One connection of a client, when they are not all alike. */
export interface ConnectionPlan {
  /** Channels, calls and pages of this lane go over it. Default "": what names no lane. */
  readonly lane?: string;
  /** Where it goes. Default the client's `url`. */
  readonly url?: string | readonly string[];
}

/** What a client is made of. Only `url` must be given. */
export interface ClientOptions<C extends Contract | undefined = undefined> {
  /** Where the service is, as `wss://example.com/hawser`; several are tried one after the other. */
  readonly url: string | readonly string[];
  /**
   * How many connections the session has, at most 16, or what each is for. Each begins with another address of the list.
   * Default 1.
   */
  readonly connections?: number | readonly ConnectionPlan[];
  /**
   * Over which of its connections a channel goes, if `subscribe` does not say. A function is asked for each channel; its
   * lane counts for what is published to the channel too. Default "any".
   */
  readonly placement?: Placement | ((channel: string) => Placement);
  /**
   * With several connections: how late an answer may be until streams go to another connection. Each is asked twice in
   * that time. Default 2,000.
   */
  readonly stallAfterMs?: number;
  /** Who the user is. A function is called anew for each connection, and before a token expires. Default none. */
  readonly token?: Token;
  /** Channels and calls with their types and schemas. Default none: everything is `unknown`, nothing is validated. */
  readonly contract?: C;
  /** How frames travel. Default protobuf; `jsonCodec` is for people who look at the wire. */
  readonly codec?: ClientCodec;
  /** Default `webSocketConnector()`. */
  readonly connector?: Connector;
  /** Clock, timers and randomness. Default the platform's. */
  readonly ports?: Ports;
  /** Tells when the network comes and goes. Default the page's events, where there are any. */
  readonly pageLife?: PageLife;
  /** Delays before connecting again. Default 500 and 30,000, with full jitter. */
  readonly backoff?: Partial<BackoffOptions>;
  /** Until a connection must stand. Default 10,000. */
  readonly connectTimeoutMs?: number;
  /** Bounds of what is published and has no outcome. Defaults in `OutboxOptions`. */
  readonly outbox?: Partial<OutboxOptions>;
  /** How much may wait unread for each subscription (cost: payload bytes + 32 a message). Default 256 KiB. */
  readonly windowBytes?: number;
  /** Calls and history requests that wait for an answer. Default 1,000. */
  readonly maxPendingRequests?: number;
  /** How long `close` waits for publishes without an outcome. Default 5,000. */
  readonly closeTimeoutMs?: number;
  /** Sent to the server, for its logs. Default "hawser-js". */
  readonly agent?: string;
}

/** Options with their defaults. */
export interface ResolvedOptions<C extends Contract | undefined> {
  readonly plans: readonly PathPlan[];
  readonly placementOf: (channel: string) => Placement;
  readonly stallAfterMs: number;
  readonly token: Token | undefined;
  readonly contract: C | undefined;
  readonly codec: ClientCodec;
  readonly connector: Connector;
  readonly ports: Ports;
  readonly pageLife: PageLife;
  readonly backoff: BackoffOptions;
  readonly connectTimeoutMs: number;
  readonly outbox: OutboxOptions;
  readonly windowBytes: number;
  readonly maxPendingRequests: number;
  readonly closeTimeoutMs: number;
  readonly agent: string;
}

/** Fills in defaults. @throws HawserError `option-invalid`, which names the option and what it takes. */
export function resolveOptions<C extends Contract | undefined>(options: ClientOptions<C>): ResolvedOptions<C> {
  const { placement = "any" } = options;
  if (typeof placement !== "function") planOf(placement);
  const { token } = options;
  if (token !== undefined && typeof token !== "string" && typeof token !== "function") {
    throw new HawserError("option-invalid", "`token` is a string, or a function that gives one");
  }
  const resolved: ResolvedOptions<C> = {
    plans: plansOf(options.connections ?? 1, options.url),
    placementOf: typeof placement === "function" ? placement : () => placement,
    stallAfterMs: options.stallAfterMs ?? 2_000,
    token,
    contract: options.contract,
    codec: options.codec ?? protobufClientCodec,
    connector: options.connector ?? webSocketConnector(),
    ports: options.ports ?? systemPorts(),
    pageLife: options.pageLife ?? platformPageLife(),
    backoff: { ...defaultBackoff, ...options.backoff },
    connectTimeoutMs: options.connectTimeoutMs ?? defaultConnectTimeoutMs,
    outbox: { ...defaultOutbox, ...options.outbox },
    windowBytes: options.windowBytes ?? 262_144,
    maxPendingRequests: options.maxPendingRequests ?? 1_000,
    closeTimeoutMs: options.closeTimeoutMs ?? 5_000,
    agent: options.agent ?? "hawser-js",
  };
  const { backoff, outbox, connectTimeoutMs, windowBytes, maxPendingRequests, closeTimeoutMs, stallAfterMs } = resolved;
  const numbers = { connectTimeoutMs, windowBytes, maxPendingRequests, closeTimeoutMs, stallAfterMs };
  for (const [name, value] of Object.entries(numbers)) positiveOption(name, value);
  const { overflow, ...bounds } = outbox;
  for (const [name, value] of Object.entries(bounds)) positiveOption(`outbox.${name}`, value);
  assertOverflow("outbox.overflow", overflow);
  for (const [name, value] of Object.entries(backoff)) positiveOption(`backoff.${name}`, value);
  if (backoff.minMs > backoff.maxMs)
    throw new HawserError("option-invalid", "`backoff.minMs` is above `backoff.maxMs`");
  return resolved;
}

/** More connections of one client help nobody, and browsers have bounds of their own. */
const maxConnections = 16;

/** @throws HawserError `option-invalid` */
function plansOf(connections: number | readonly ConnectionPlan[], url: string | readonly string[]): PathPlan[] {
  const own = urlsOf(url, "`url`");
  const count = typeof connections === "number" ? connections : connections.length;
  if (!Number.isSafeInteger(count) || count < 1 || count > maxConnections) {
    throw new HawserError("option-invalid", `\`connections\` is 1 to ${maxConnections}, or a list of so many plans`);
  }
  const plans: readonly ConnectionPlan[] = typeof connections === "number" ? Array(count).fill({}) : connections;
  return plans.map(({ lane = "", url: other }) => ({
    lane,
    urls: other === undefined ? own : urlsOf(other, "the `url` of a connection"),
  }));
}

function urlsOf(url: string | readonly string[], what: string): readonly string[] {
  const urls = typeof url === "string" ? [url] : [...(url ?? [])];
  if (urls.length > 0 && urls.every((one) => typeof one === "string" && one.includes(":"))) return urls;
  throw new HawserError(
    "option-invalid",
    `${what} is an address such as wss://example.com/hawser, or a list of at least one`,
  );
}

/** @throws HawserError `option-invalid` unless `value` is a whole number above 0. */
export function positiveOption(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value > 0) return;
  throw new HawserError("option-invalid", `\`${name}\` is a whole number above 0, not ${String(value)}`);
}
