import { defaultConnectTimeoutMs, HawserError, systemPorts } from "@hawser/protocol";
import type { Ports } from "@hawser/protocol";
import { positiveOption } from "../option-invalid.ts";
import { platformPageLife } from "../page-life/page-life.ts";
import type { PageLife } from "../page-life/page-life.ts";
import { defaultBackoff } from "../session/backoff.ts";
import type { BackoffOptions } from "../session/backoff.ts";
import type { PlatformWebSocketClass, SocketClosure } from "./physical-socket.ts";
import { defaultSendQueue } from "./send-queue.ts";
import type { SendQueueOptions } from "./send-queue.ts";
import type { SocketHeartbeatOptions } from "./socket-heartbeat.ts";

/** How a connection ended, for who decides whether it was the last one. */
export interface LostConnection extends SocketClosure {
  /** Where it led. "" when the function that gives the address failed. */
  readonly url: string;
  /** Whether it had opened at all. */
  readonly opened: boolean;
  /** Failures in a row before this one, since a connection last proved itself. */
  readonly failures: number;
}

/**
 * What a `ReconnectingWebSocket` takes beside addresses and subprotocols. Without any it behaves as the platform's
 * `WebSocket` does, but connects again. Durations are milliseconds, sizes bytes; a value that it cannot have makes the
 * constructor throw `option-invalid`.
 *
 * @example
 * const options: ReconnectingWebSocketOptions = { heartbeat: { message: "ping", isAnswer: (data) => data === "pong" } };
 */
export interface ReconnectingWebSocketOptions {
  /** The class of the physical connections. Default `globalThis.WebSocket`. */
  readonly WebSocket?: PlatformWebSocketClass;
  /** More endpoints of the same service, tried in turn after those of the constructor's first argument. Default none. */
  readonly alternates?: readonly (string | URL)[];
  /** Delays before connecting again. Default 500 and 30,000, with full jitter. */
  readonly backoff?: Partial<BackoffOptions>;
  /** A connection that stood so long proves that its endpoint works: the delays begin anew. Default 5,000. */
  readonly provenAfterMs?: number;
  /** Until a connection must have opened. Default 10,000. */
  readonly connectTimeoutMs?: number;
  /** For the closing handshake; after it the connection is cut. Default 5,000. */
  readonly closeTimeoutMs?: number;
  /** How a dead connection is found. Default: not at all, as in the standard. */
  readonly heartbeat?: SocketHeartbeatOptions;
  /** What is sent while there is no connection. Defaults in `SendQueueOptions`. */
  readonly queue?: Partial<SendQueueOptions>;
  /** Whether `send` queues before the first connection too, where the standard throws. Default false. */
  readonly queueBeforeOpen?: boolean;
  /** What the platform may hold of an open connection before `send` throws `outbox-full`. Default 64 MiB. */
  readonly maxBufferedBytes?: number;
  /**
   * Which losses are final: `close` follows, and no further attempt. Default none; the own `close()` is final always.
   * For a library that keeps a session of its own over the socket: `({ opened }) => opened`.
   */
  readonly isFinal?: (lost: LostConnection) => boolean;
  /** Clock, timers and randomness. Default the platform's. */
  readonly ports?: Ports;
  /** Tells when the network comes and goes. Default the page's events, where there are any. */
  readonly pageLife?: PageLife;
}

/** Options with their defaults. */
export interface ResolvedSocketOptions {
  readonly WebSocket: PlatformWebSocketClass;
  readonly backoff: BackoffOptions;
  readonly provenAfterMs: number;
  readonly connectTimeoutMs: number;
  readonly closeTimeoutMs: number;
  readonly heartbeat:
    | (SocketHeartbeatOptions & { readonly intervalMs: number; readonly timeoutMs: number })
    | undefined;
  readonly queue: SendQueueOptions;
  readonly queueBeforeOpen: boolean;
  readonly maxBufferedBytes: number;
  readonly isFinal: (lost: LostConnection) => boolean;
  readonly ports: Ports;
  readonly pageLife: PageLife;
}

/** Fills in defaults. @throws HawserError `option-invalid`, which names the option and what it takes. */
export function resolveSocketOptions(options: ReconnectingWebSocketOptions): ResolvedSocketOptions {
  const Socket = options.WebSocket ?? (globalThis as { WebSocket?: PlatformWebSocketClass }).WebSocket;
  if (typeof Socket !== "function") {
    const text = 'This runtime has no WebSocket class: install "ws" and pass { WebSocket }, or use Node 22 or later';
    throw new HawserError("option-invalid", text);
  }
  const { heartbeat } = options;
  const resolved: ResolvedSocketOptions = {
    WebSocket: Socket,
    backoff: { ...defaultBackoff, ...options.backoff },
    provenAfterMs: options.provenAfterMs ?? 5_000,
    connectTimeoutMs: options.connectTimeoutMs ?? defaultConnectTimeoutMs,
    closeTimeoutMs: options.closeTimeoutMs ?? 5_000,
    heartbeat: heartbeat && {
      ...heartbeat,
      intervalMs: heartbeat.intervalMs ?? 25_000,
      timeoutMs: heartbeat.timeoutMs ?? 10_000,
    },
    queue: { ...defaultSendQueue, ...options.queue },
    queueBeforeOpen: options.queueBeforeOpen ?? false,
    maxBufferedBytes: options.maxBufferedBytes ?? 67_108_864,
    isFinal: options.isFinal ?? (() => false),
    ports: options.ports ?? systemPorts(),
    pageLife: options.pageLife ?? platformPageLife(),
  };
  checkSocketOptions(resolved);
  return resolved;
}

function checkSocketOptions(resolved: ResolvedSocketOptions): void {
  const { backoff, queue, heartbeat, provenAfterMs, connectTimeoutMs, closeTimeoutMs, maxBufferedBytes } = resolved;
  const numbers = { provenAfterMs, connectTimeoutMs, closeTimeoutMs, maxBufferedBytes };
  for (const [name, value] of Object.entries(numbers)) positiveOption(name, value);
  for (const [name, value] of Object.entries(backoff)) positiveOption(`backoff.${name}`, value);
  positiveOption("queue.maxMessages", queue.maxMessages);
  positiveOption("queue.maxBytes", queue.maxBytes);
  if (heartbeat !== undefined) {
    positiveOption("heartbeat.intervalMs", heartbeat.intervalMs);
    positiveOption("heartbeat.timeoutMs", heartbeat.timeoutMs);
    if (heartbeat.ping === true && heartbeat.message !== undefined)
      throw new HawserError("option-invalid", "`heartbeat` asks by `ping` or by a `message`, not by both");
  }
  if (backoff.minMs > backoff.maxMs)
    throw new HawserError("option-invalid", "`backoff.minMs` is above `backoff.maxMs`");
  if (queue.overflow !== "reject" && queue.overflow !== "drop-oldest")
    throw new HawserError("option-invalid", '`queue.overflow` is "reject" or "drop-oldest"');
}
