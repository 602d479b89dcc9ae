import type { Codec, ConnectedFrame, ConnectFrame } from "@hawser/protocol";
import { HttpExchange } from "./http-exchange.ts";
import type { Fetch, HttpExchangeHandlers } from "./http-exchange.ts";

export interface ExchangesOptions {
  /** The base of the three addresses: `https://example.com/hawser`. */
  readonly url: string;
  readonly fetch: Fetch;
  readonly codec: Codec;
  readonly events: boolean;
}

/** What a request is for: the last segment of its address (spec section 14). */
export type ExchangeKind = "stream" | "poll" | "requests";

/** Until the server has told its own. */
const defaultHeartbeatMs = 25_000;
/** How many silent heartbeats make a stream dead. */
const silentHeartbeats = 2;

/** Begins the requests of one connection, each with who the client is. */
export class Exchanges {
  readonly #options: ExchangesOptions;
  /** What each begins with: of the newest token, and of the session that the server named. */
  hello: ConnectFrame | undefined;
  /** What the server answered first. */
  welcome: ConnectedFrame | undefined;

  constructor(options: ExchangesOptions) {
    this.#options = options;
  }

  /** Of an answer; then it is taken for lost. */
  get silenceMs(): number {
    const heartbeatMs = this.welcome?.heartbeatMs ?? defaultHeartbeatMs;
    return heartbeatMs === 0 ? Infinity : silentHeartbeats * heartbeatMs;
  }

  /** Sends a request, once it is known who the client is. */
  open(
    kind: ExchangeKind,
    frames: readonly Uint8Array[],
    repeatable: boolean,
    handlers: HttpExchangeHandlers,
  ): HttpExchange {
    const { url, fetch, codec, events } = this.#options;
    const [base = url, query] = url.split("?", 2);
    const target = `${base}/${kind}${query === undefined ? "" : `?${query}`}`;
    const body = [codec.encode(this.hello!), ...frames];
    return new HttpExchange({ fetch, url: target, codec, events, body, repeatable, handlers });
  }
}
