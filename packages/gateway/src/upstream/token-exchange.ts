import { HawserError } from "@hawser/protocol";
import type { Clock } from "@hawser/protocol";
import type { UpstreamRequest } from "./upstream-socket.ts";

/** How a client's token becomes one that a target takes (RFC 8693). */
export interface TokenExchangeOptions {
  /** The token endpoint. */
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** The type of the subject's token. Default `urn:ietf:params:oauth:token-type:jwt`. */
  readonly subjectTokenType?: string;
  readonly audience?: string;
  readonly scope?: string;
  /** Default 5,000. */
  readonly timeoutMs?: number;
  /** The token of the client whose socket is to be opened: one of the claims of its identity, as a rule. */
  readonly subjectToken: (request: UpstreamRequest) => string;
}

/** A token is not used in the last seconds of its life. */
const earlyMs = 30_000;
/** How long one is kept of which nothing was said. */
const unknownLifeMs = 60_000;
/** Tokens that are kept; a bound of memory, nothing else. */
const maxTokens = 10_000;

interface Kept {
  readonly token: Promise<string>;
  /** Until it is there: for ever. */
  until: number;
}

/** Exchanges tokens at an authorization server. Each is asked for once, also by many at once, and kept until it is about to expire. */
export class TokenExchange {
  readonly #options: TokenExchangeOptions;
  readonly #clock: Clock;
  readonly #kept = new Map<string, Kept>();

  constructor(options: TokenExchangeOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  /** @throws HawserError `upstream-unavailable` (retry), `upstream-refused` where the server says that the token is none. */
  exchange(request: UpstreamRequest): Promise<string> {
    const subjectToken = this.#options.subjectToken(request);
    const known = this.#kept.get(subjectToken);
    if (known !== undefined && this.#clock.now() < known.until) return known.token;
    if (this.#kept.size >= maxTokens) this.#kept.clear();
    const kept: Kept = { token: this.#ask(subjectToken, (until) => (kept.until = until)), until: Infinity };
    this.#kept.set(subjectToken, kept);
    kept.token.catch(() => {
      if (this.#kept.get(subjectToken) === kept) this.#kept.delete(subjectToken);
    });
    return kept.token;
  }

  async #ask(subjectToken: string, keep: (until: number) => void): Promise<string> {
    const { url, clientId, clientSecret, audience, scope, timeoutMs = 5_000 } = this.#options;
    const { subjectTokenType = "urn:ietf:params:oauth:token-type:jwt" } = this.#options;
    const form = new URLSearchParams({
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      subject_token: subjectToken,
      subject_token_type: subjectTokenType,
      ...(audience === undefined ? {} : { audience }),
      ...(scope === undefined ? {} : { scope }),
    });
    const basic = [clientId, clientSecret].map(encodeURIComponent).join(":");
    const response = await fetch(url, {
      method: "POST",
      body: form,
      headers: { authorization: `Basic ${Buffer.from(basic).toString("base64")}`, accept: "application/json" },
      signal: AbortSignal.timeout(timeoutMs),
    }).catch((cause: unknown) => {
      throw new HawserError("upstream-unavailable", `The token endpoint ${url} does not answer.`, {
        retry: true,
        cause,
      });
    });
    const answer = (await response.json().catch(() => ({}))) as Record<string, unknown>;
    const { access_token: token, expires_in: seconds } = answer;
    if (response.ok && typeof token === "string" && token !== "") {
      const lifeMs = typeof seconds === "number" ? seconds * 1_000 - earlyMs : unknownLifeMs;
      keep(this.#clock.now() + lifeMs);
      return token;
    }
    const text = `The token endpoint ${url} answered ${response.status}.`;
    if (response.status >= 400 && response.status < 500) throw new HawserError("upstream-refused", text);
    throw new HawserError("upstream-unavailable", text, { retry: true });
  }
}
