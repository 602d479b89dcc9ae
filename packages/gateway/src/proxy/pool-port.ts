import type { Socket } from "node:net";
import type { ConnectionOptions } from "node:tls";
import type { RawHeaders } from "./handshake-headers.ts";

/** What the proxy needs of a target. */
export interface ProxyTarget {
  /** By which logs know it. */
  readonly name: string;
  /** `ws:` or `wss:`, with the path that those of clients are added to. */
  readonly url: URL;
  readonly tls?: ConnectionOptions | undefined;
  /** Makes the connection, in the place of one to the host of the URL: for a target within this process. */
  readonly open?: () => Socket;
}

/** By what a pool may choose a target. */
export interface ProxyPoolRequest {
  readonly user: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly path: string;
  readonly address: string;
  /** The client has given up: that says nothing of a target. */
  readonly signal?: AbortSignal;
}

/** One connection's hold on a target. */
export interface ProxyLease {
  readonly target: ProxyTarget;
  /** The target died, was ejected, or its drain passed its deadline. */
  readonly signal: AbortSignal;
  /** Bytes went to the target, and with them the ends of so many messages. */
  countIn(bytes: number, messages: number): void;
  /** The same from the target. */
  countOut(bytes: number, messages: number): void;
  /** The connection is over. An error: the target broke it. */
  end(error?: unknown): void;
}

export interface ProxyPool {
  /**
   * `dial` rejects with `UpstreamRefused`, with the platform's error, or with the reason of what aborted it: an `AbortError` when the client is
   * gone, which is no fault of the target. It calls `reached` when a connection stands, before the handshake.
   */
  connect<Value>(
    request: ProxyPoolRequest,
    dial: (target: ProxyTarget, signal: AbortSignal, reached: () => void) => Promise<Value>,
  ): Promise<{ readonly value: Value; readonly lease: ProxyLease }>;
}

export interface ProxyPools {
  get(name: string): ProxyPool | undefined;
}

/** A target answered the handshake with something else than 101. */
export class UpstreamRefused extends Error {
  readonly status: number;
  readonly reason: string;
  readonly headers: RawHeaders;
  readonly body: Buffer;

  constructor(status: number, reason: string, headers: RawHeaders, body: Buffer) {
    super(`The target answered ${status}.`);
    this.status = status;
    this.reason = reason;
    this.headers = headers;
    this.body = body;
  }
}
