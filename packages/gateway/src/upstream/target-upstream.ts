import { HawserError } from "@hawser/protocol";
import type { Clock, Timers } from "@hawser/protocol";
import { WebSocket } from "ws";
import type { Pool } from "../pool/pool.ts";
import type { Target } from "../pool/target.ts";
import { UpstreamRefused } from "../proxy/pool-port.ts";
import { TokenExchange } from "./token-exchange.ts";
import type { TokenExchangeOptions } from "./token-exchange.ts";
import type { UpstreamRequest, UpstreamSocket } from "./upstream-socket.ts";
import { WebSocketUpstream } from "./web-socket-upstream.ts";

/** How virtual sockets speak with the targets of a pool. */
export interface DialOptions {
  /** Sent with each handshake. A function is asked for each. Default: none. */
  readonly headers?:
    | Readonly<Record<string, string>>
    | ((request: UpstreamRequest) => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>);
  /** The client's token, exchanged for one of the target's, goes as `authorization: Bearer`. Default: none does. */
  readonly tokenExchange?: TokenExchangeOptions & { readonly subjectToken: (request: UpstreamRequest) => string };
  /** Whether permessage-deflate is offered. Default false. */
  readonly compression?: boolean;
  /** A larger message of the target ends the socket with 1009. Default 16 MiB. */
  readonly maxMessageBytes?: number;
  /** How long a target may be silent before it is asked; after as long again it is taken for dead. Default 25,000. */
  readonly heartbeatMs?: number;
}

export interface TargetUpstreamOptions {
  readonly pool: Pool;
  readonly dial: DialOptions;
  readonly clock: Clock;
  readonly timers: Timers;
}

/** How long a target may take to answer a close. */
const closeTimeoutMs = 5_000;

/** Opens sockets to the WebSocket servers of a pool, for virtual sockets. */
export class TargetUpstream {
  readonly #options: TargetUpstreamOptions;
  readonly #exchange: TokenExchange | undefined;

  constructor(options: TargetUpstreamOptions) {
    this.#options = options;
    const { tokenExchange } = options.dial;
    this.#exchange = tokenExchange && new TokenExchange(tokenExchange, options.clock);
  }

  /** @throws HawserError as `Upstreams.open`. */
  async open(request: UpstreamRequest, signal: AbortSignal): Promise<UpstreamSocket> {
    const { pool, timers, dial } = this.#options;
    const { identity, path, address } = request;
    const headers = await this.#headersOf(request);
    const { value: webSocket, lease } = await pool
      .connect({ user: identity.user, headers: {}, path, address }, (target, given) =>
        this.#dial(target, request, headers, AbortSignal.any([signal, given])),
      )
      .catch((error: unknown) => {
        throw errorOf(error, pool.name);
      });
    return new WebSocketUpstream({ webSocket, lease, timers, heartbeatMs: dial.heartbeatMs ?? 25_000 });
  }

  async #headersOf(request: UpstreamRequest): Promise<Record<string, string>> {
    const { headers = {}, tokenExchange } = this.#options.dial;
    const token = await this.#exchange?.exchange(tokenExchange!.subjectToken(request));
    return {
      ...(typeof headers === "function" ? await headers(request) : headers),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
  }

  #dial(
    target: Target,
    { path, protocols }: UpstreamRequest,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<WebSocket> {
    const { compression = false, maxMessageBytes = 16 * 1_048_576 } = this.#options.dial;
    signal.throwIfAborted();
    const webSocket = new WebSocket(urlOf(target.url, path), [...protocols], {
      headers: { ...headers },
      perMessageDeflate: compression,
      maxPayload: maxMessageBytes,
      closeTimeout: closeTimeoutMs,
      followRedirects: false,
      ...target.tls,
    } as ConstructorParameters<typeof WebSocket>[2]);
    return new Promise((fulfil, reject) => {
      const abort = (): void => {
        webSocket.terminate();
        reject(signal.reason instanceof Error ? signal.reason : new Error("given up"));
      };
      const settle = (): void => signal.removeEventListener("abort", abort);
      signal.addEventListener("abort", abort);
      webSocket.on("error", (error) => {
        settle();
        // What `ws` finds wrong with an answer has no code; the platform's errors do.
        reject("code" in error ? error : Object.assign(error, { code: "HANDSHAKE_INVALID" }));
      });
      webSocket.once("unexpected-response", (_, response) => {
        settle();
        response.resume();
        webSocket.terminate();
        const { statusCode = 0, statusMessage = "", rawHeaders } = response;
        reject(new UpstreamRefused(statusCode, statusMessage, rawHeaders, Buffer.alloc(0)));
      });
      webSocket.once("open", () => {
        settle();
        // What the target says at once is for handlers that are not there yet.
        webSocket.pause();
        fulfil(webSocket);
      });
    });
  }
}

/** The target's own path, and behind it what was asked for. */
function urlOf(target: URL, path: string): URL {
  const url = new URL(target);
  if (path === "") return url;
  const [asked = "", query] = path.split(/\?(.*)/s);
  url.pathname = `${url.pathname.replace(/\/$/, "")}/${asked.replace(/^\//, "")}`;
  if (query !== undefined) url.search = query;
  return url;
}

function errorOf(error: unknown, pool: string): unknown {
  if (error instanceof HawserError) return error;
  if (error instanceof UpstreamRefused) {
    const text = `The upstream ${JSON.stringify(pool)} answered ${error.status} ${error.reason}.`.replace(" .", ".");
    return new HawserError("upstream-refused", text, { retry: error.status === 429 || error.status >= 500 });
  }
  const text = `The upstream ${JSON.stringify(pool)} cannot be reached.`;
  return new HawserError("upstream-unavailable", text, { retry: true, retryAfterMs: 1_000, cause: error });
}
