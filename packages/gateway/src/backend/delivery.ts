import type { Clock, Random, Timers } from "@hawser/protocol";
import type { Logger } from "@hawser/server";
import { answerOf } from "./answer.ts";
import type { BackendAnswer } from "./answer.ts";
import type { BackendSettings } from "./backend-options.ts";
import type { BackendEvent } from "./event.ts";
import { AnswerTooLarge } from "./http-post.ts";
import type { PostAnswer, Poster } from "./http-post.ts";
import { ReplyInvalid } from "./reply.ts";
import { RequestSlots } from "./request-slots.ts";
import { signed } from "./signature.ts";

/** What became of an event. */
export type Delivered =
  | { readonly kind: "answered"; readonly answer: BackendAnswer }
  /** The back end does not want it (an HTTP status), or answered with what is no answer. It is not sent again. */
  | { readonly kind: "refused"; readonly status: number; readonly reason: string }
  /** No attempt was answered by the back end itself. */
  | { readonly kind: "unavailable"; readonly reason: string };

/** What is counted of the requests to back ends. */
export interface RequestObserver {
  /** One attempt has ended. `status` 0: there was no answer. */
  backendRequest(pool: string, status: number, elapsedMs: number): void;
  /** An event was given up. */
  backendFailed(pool: string): void;
}

export interface DeliveryOptions {
  readonly pool: string;
  /** As they are now: a reload changes them. */
  readonly settings: () => BackendSettings;
  readonly poster: Poster;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  readonly observer: RequestObserver;
  /** Holds what is being delivered, for those who wait for it. */
  readonly underWay: Set<Promise<unknown>>;
}

type Attempt =
  | Delivered
  /** `reason` is for clients, too; `error` for the log alone: it says where the back end is. */
  | { readonly kind: "again"; readonly reason: string; readonly afterMs: number; readonly error?: unknown };

/** Sends the events of one back end: signed, so many at once, and again until it has answered or the attempts are used up. */
export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #slots = new RequestSlots();

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  /** Never rejects. `signal` ends it early, as unavailable. */
  deliver(event: BackendEvent, maxAttempts: number, signal?: AbortSignal): Promise<Delivered> {
    const { underWay } = this.#options;
    const delivered = this.#deliver(event, maxAttempts, signal).finally(() => underWay.delete(delivered));
    underWay.add(delivered);
    return delivered;
  }

  async #deliver(event: BackendEvent, maxAttempts: number, signal: AbortSignal | undefined): Promise<Delivered> {
    const { pool, logger, observer } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      const result = await this.#attempt(event, signal);
      if (result.kind === "answered") return result;
      if (result.kind !== "again") {
        observer.backendFailed(pool);
        logger.warn({ pool, event: event.id, ...result }, "a back end did not take an event");
        return result;
      }
      if (attempt >= maxAttempts || signal?.aborted === true) {
        observer.backendFailed(pool);
        const { reason, error } = result;
        logger.warn({ pool, event: event.id, attempt, reason, error }, "an event for a back end was given up");
        return { kind: "unavailable", reason: result.reason };
      }
      const { reason, error } = result;
      logger.debug({ pool, event: event.id, attempt, reason, error }, "an event is sent to a back end again");
      await this.#wait(attempt, result.afterMs, signal);
    }
  }

  async #attempt(event: BackendEvent, signal: AbortSignal | undefined): Promise<Attempt> {
    const { limits } = this.#options.settings();
    await this.#slots.take(limits.maxRequests);
    try {
      return await this.#post(event, signal);
    } finally {
      this.#slots.leave();
    }
  }

  async #post(event: BackendEvent, signal: AbortSignal | undefined): Promise<Attempt> {
    const { pool, poster, clock, timers, observer } = this.#options;
    const { url, keys, headers, limits } = this.#options.settings();
    const begin = clock.monotonic();
    const late = new AbortController();
    const timer = timers.after(limits.requestTimeoutMs, () =>
      late.abort(new Error(`no answer within ${limits.requestTimeoutMs} ms`)),
    );
    let answer: PostAnswer;
    try {
      answer = await poster.post(
        {
          url,
          headers: {
            ...headers,
            ...event.headers,
            ...signed(event.id, clock.now(), event.body, keys),
            "content-type": event.contentType,
          },
          body: event.body,
          maxAnswerBytes: limits.maxAnswerBytes,
        },
        signal === undefined ? late.signal : AbortSignal.any([late.signal, signal]),
      );
    } catch (error) {
      observer.backendRequest(pool, 0, clock.monotonic() - begin);
      // It would be as long the next time.
      if (error instanceof AnswerTooLarge) return { kind: "refused", status: 0, reason: error.message };
      const reason = late.signal.aborted ? (late.signal.reason as Error).message : "it was not reached";
      return { kind: "again", reason, afterMs: 0, error };
    } finally {
      timer.cancel();
    }
    observer.backendRequest(pool, answer.status, clock.monotonic() - begin);
    return judge(answer, this.#options.settings(), clock.now());
  }

  /** Full jitter: any time up to the bound, which doubles; never less than the back end asked for. */
  #wait(attempt: number, afterMs: number, signal: AbortSignal | undefined): Promise<void> {
    const { limits } = this.#options.settings();
    const bound = Math.min(limits.retryMaxMs, limits.retryMinMs * 2 ** (attempt - 1));
    const delayMs = Math.max(Math.min(afterMs, limits.retryMaxMs), this.#options.random.number() * bound);
    return new Promise((resolve) => {
      const timer = this.#options.timers.after(delayMs, resolve);
      signal?.addEventListener(
        "abort",
        () => {
          timer.cancel();
          resolve();
        },
        { once: true },
      );
    });
  }
}

function judge(answer: PostAnswer, { limits }: BackendSettings, now: number): Attempt {
  const { status } = answer;
  if (status >= 200 && status < 300) {
    try {
      return { kind: "answered", answer: answerOf(answer.contentType, answer.body, limits) };
    } catch (error) {
      if (error instanceof ReplyInvalid) return { kind: "refused", status, reason: error.message };
      throw error;
    }
  }
  const reason = `it answered with HTTP status ${status}`;
  if (status >= 500 || status === 408 || status === 425 || status === 429) {
    return { kind: "again", reason, afterMs: retryAfterMs(answer.retryAfter, now) };
  }
  return { kind: "refused", status, reason };
}

/** Seconds, or a date (RFC 9110, section 10.2.3); what is neither says nothing. */
function retryAfterMs(text: string, now: number): number {
  if (/^\d{1,6}$/.test(text)) return Number(text) * 1_000;
  const at = /^[A-Z][a-z]{2,8}, .+ GMT$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? 0 : Math.max(0, at - now);
}
