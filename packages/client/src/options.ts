import { defaultConnectTimeoutMs, protobufClientCodec, systemPorts } from "@hawser/protocol";
import type { ClientCodec, Contract, Ports } from "@hawser/protocol";
import { positiveOption, refuseOption } from "./option-invalid.ts";
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
import type { OpenSocket } from "./virtual-socket/open-socket.ts";
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
  /**
   * Bytes that are handed to one connection and have not left: past it, what is published and called waits in the client,
   * where something more urgent goes ahead of it. Default 64 KiB.
   */
  readonly maxBufferedBytes?: number;
  /** How long `close` waits for publishes without an outcome. Default 5,000. */
  readonly closeTimeoutMs?: number;
  /** Sent to the server, for its logs. Default "hawser-js". */
  readonly agent?: string;
  /** Give the function `openSocket` here to have it as a method of the client; who does not, does not carry it. */
  readonly openSocket?: OpenSocket;
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
  readonly maxBufferedBytes: number;
  readonly closeTimeoutMs: number;
  readonly agent: string;
  readonly openSocket: OpenSocket | undefined;
}

/** Fills in defaults. @throws HawserError `option-invalid`, which names the option and what it takes. */
export function resolveOptions<C extends Contract | undefined>(options: ClientOptions<C>): ResolvedOptions<C> {
  const {
    url,
    connections = 1,
    placement = "any",
    stallAfterMs = 2_000,
    token,
    contract,
    codec = protobufClientCodec,
    connector = webSocketConnector(),
    ports = systemPorts(),
    pageLife = platformPageLife(),
    connectTimeoutMs = defaultConnectTimeoutMs,
    windowBytes = 262_144,
    maxPendingRequests = 1_000,
    maxBufferedBytes = 65_536,
    closeTimeoutMs = 5_000,
    agent = "hawser-js",
    openSocket,
  } = options;
  const isFunction = typeof placement === "function";
  if (!isFunction) planOf(placement);
  if (token !== undefined && typeof token !== "string" && typeof token !== "function")
    refuseOption("token", "a string, or a function that gives one");
  const outbox = { ...defaultOutbox, ...options.outbox };
  const backoff = { ...defaultBackoff, ...options.backoff };
  const numbers = {
    connectTimeoutMs,
    windowBytes,
    maxPendingRequests,
    maxBufferedBytes,
    closeTimeoutMs,
    stallAfterMs,
  };
  const { overflow, ...bounds } = outbox;
  for (const [prefix, values] of Object.entries({ "": numbers, "outbox.": bounds, "backoff.": backoff }))
    for (const [name, value] of Object.entries(values)) positiveOption(prefix + name, value);
  assertOverflow("outbox.overflow", overflow);
  if (backoff.minMs > backoff.maxMs) refuseOption("backoff.minMs", "at most `backoff.maxMs`");
  return {
    ...numbers,
    plans: plansOf(connections, url),
    placementOf: isFunction ? placement : () => placement,
    token,
    contract,
    codec,
    connector,
    ports,
    pageLife,
    backoff,
    outbox,
    agent,
    openSocket,
  };
}

/** More connections of one client help nobody, and browsers have bounds of their own. */
const maxConnections = 16;

/** @throws HawserError `option-invalid` */
function plansOf(connections: number | readonly ConnectionPlan[], url: string | readonly string[]): PathPlan[] {
  const count = typeof connections === "number" ? connections : connections.length;
  positiveOption("connections", count);
  if (count > maxConnections) refuseOption("connections", `1 to ${maxConnections}, or a list of so many plans`);
  const plans: readonly ConnectionPlan[] = typeof connections === "number" ? Array(count).fill({}) : connections;
  const own = urlsOf(url);
  return plans.map(({ lane = "", url: other }) => ({ lane, urls: other === undefined ? own : urlsOf(other) }));
}

function urlsOf(url: string | readonly string[]): readonly string[] {
  const urls = typeof url === "string" ? [url] : [...(url ?? [])];
  if (urls.length > 0 && urls.every((one) => typeof one === "string" && one.includes(":"))) return urls;
  return refuseOption("url", "an address such as wss://example.com/hawser, or a list of at least one");
}
