import { HawserError } from "@hawser/protocol";
import type { Timer, Timers } from "@hawser/protocol";
import type { Link } from "./link.ts";

/**
 * A token, or a function that fetches a fresh one: it is called before each connection and before the token expires.
 * When it throws, the client tries again later; a `HawserError` without `retry` (the user has logged out) ends it.
 */
export type Token = string | (() => string | Promise<string>);

/** A fifth of the token's life, but no more than this, is left when a fresh one is fetched. */
const maxMarginMs = 60_000;
const retryMs = 5_000;

/** Asks for a token. */
export async function freshToken(token: () => string | Promise<string>): Promise<string> {
  const fresh: unknown = await token();
  if (typeof fresh === "string") return fresh;
  throw new HawserError("token-invalid", `The token is ${typeof fresh}`);
}

/** Keeps a live connection's token fresh with `authenticate` (CON-8), when there is a function that fetches tokens. */
export class TokenRefresh {
  readonly #timers: Timers;
  readonly #token: Token | undefined;
  readonly #link: Link;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(timers: Timers, token: Token | undefined, link: Link) {
    this.#timers = timers;
    this.#token = token;
    this.#link = link;
    this.#schedule(link.welcome.expiresInMs);
  }

  /** No token is fetched any more. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  /** @param expiresInMs 0: the token does not expire. */
  #schedule(expiresInMs: number): void {
    if (expiresInMs === 0 || typeof this.#token !== "function") return;
    const delayMs = expiresInMs - Math.min(expiresInMs / 5, maxMarginMs);
    this.#timer = this.#timers.after(delayMs, () => void this.#refresh());
  }

  async #refresh(): Promise<void> {
    let token: string;
    if (typeof this.#token !== "function") return;
    try {
      token = await freshToken(this.#token);
    } catch {
      // The old token still holds for a while; when it ends the server says so, and the next connection fetches anew.
      if (!this.#stopped) this.#timer = this.#timers.after(retryMs, () => void this.#refresh());
      return;
    }
    if (this.#stopped) return;
    this.#link.request({
      build: (id) => (this.#stopped ? undefined : { type: "authenticate", id, token }),
      reply: (frame) => {
        if (this.#stopped) return;
        if (frame.type === "authenticated") this.#schedule(frame.expiresInMs);
        // A refusal is followed by the close (CON-8), which stops this; if none comes, the server could not tell.
        else this.#timer = this.#timers.after(retryMs, () => void this.#refresh());
      },
      lost: () => {},
      tooLarge: () => {},
    });
  }
}
