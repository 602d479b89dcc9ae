import { defaultLimits, HawserError, protobufCodec, systemPorts } from "@hawser/protocol";
import type { Codec, Contract, Ports } from "@hawser/protocol";
import { assertOverflow, defaultOutbox } from "./outbox/options.ts";
import type { OutboxOptions } from "./outbox/options.ts";
import { platformPageLife } from "./page-life/page-life.ts";
import type { PageLife } from "./page-life/page-life.ts";
import { defaultBackoff } from "./session/backoff.ts";
import type { BackoffOptions } from "./session/backoff.ts";
import type { Token } from "./session/token-source.ts";
import type { Connector } from "./transport/transport.ts";
import { webSocketConnector } from "./transport/websocket-connector.ts";

/** What a client is made of. Only `url` must be given. */
export interface ClientOptions<C extends Contract | undefined = undefined> {
  /** Where the service is, as `wss://example.com/hawser`; several are tried one after the other. */
  readonly url: string | readonly string[];
  /** Who the user is. A function is called anew for each connection, and before a token expires. Default none. */
  readonly token?: Token;
  /** Channels and calls with their types and schemas. Default none: everything is `unknown`, nothing is validated. */
  readonly contract?: C;
  /** Default `protobufCodec`; `jsonCodec` is for people who look at the wire. */
  readonly codec?: Codec;
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
  readonly urls: readonly string[];
  readonly token: Token | undefined;
  readonly contract: C | undefined;
  readonly codec: Codec;
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
  const urls = typeof options.url === "string" ? [options.url] : [...(options.url ?? [])];
  if (urls.length === 0 || !urls.every((url) => typeof url === "string" && url.includes(":"))) {
    throw new HawserError(
      "option-invalid",
      "`url` is an address such as wss://example.com/hawser, or a list of at least one",
    );
  }
  const { token } = options;
  if (token !== undefined && typeof token !== "string" && typeof token !== "function") {
    throw new HawserError("option-invalid", "`token` is a string, or a function that gives one");
  }
  const resolved: ResolvedOptions<C> = {
    urls,
    token,
    contract: options.contract,
    codec: options.codec ?? protobufCodec,
    connector: options.connector ?? webSocketConnector(),
    ports: options.ports ?? systemPorts(),
    pageLife: options.pageLife ?? platformPageLife(),
    backoff: { ...defaultBackoff, ...options.backoff },
    connectTimeoutMs: options.connectTimeoutMs ?? defaultLimits.connectTimeoutMs,
    outbox: { ...defaultOutbox, ...options.outbox },
    windowBytes: options.windowBytes ?? 262_144,
    maxPendingRequests: options.maxPendingRequests ?? 1_000,
    closeTimeoutMs: options.closeTimeoutMs ?? 5_000,
    agent: options.agent ?? "hawser-js",
  };
  const { backoff, outbox, connectTimeoutMs, windowBytes, maxPendingRequests, closeTimeoutMs } = resolved;
  const numbers = { connectTimeoutMs, windowBytes, maxPendingRequests, closeTimeoutMs };
  for (const [name, value] of Object.entries(numbers)) positiveOption(name, value);
  const { overflow, ...bounds } = outbox;
  for (const [name, value] of Object.entries(bounds)) positiveOption(`outbox.${name}`, value);
  assertOverflow("outbox.overflow", overflow);
  for (const [name, value] of Object.entries(backoff)) positiveOption(`backoff.${name}`, value);
  if (backoff.minMs > backoff.maxMs)
    throw new HawserError("option-invalid", "`backoff.minMs` is above `backoff.maxMs`");
  return resolved;
}

/** @throws HawserError `option-invalid` unless `value` is a whole number above 0. */
export function positiveOption(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value > 0) return;
  throw new HawserError("option-invalid", `\`${name}\` is a whole number above 0, not ${String(value)}`);
}
