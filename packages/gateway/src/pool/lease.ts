import type { Clock } from "@hawser/protocol";
import type { Measures } from "./measures.ts";
import type { Target } from "./target.ts";

export interface LeaseOptions {
  readonly target: Target;
  readonly measures: Measures;
  readonly clock: Clock;
  /** Called once. An error: the target broke the connection. */
  readonly onEnd: (error: unknown) => void;
}

/** One connection's hold on a target, from the first attempt until the connection is gone. */
export class Lease {
  readonly #options: LeaseOptions;
  readonly #down = new AbortController();
  readonly #begunAt: number;
  #reachedAt: number | undefined;
  /** Until the target's first message: since when it is waited for. */
  #openAt: number | undefined;
  #ended = false;

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#begunAt = this.#now();
  }

  get target(): Target {
    return this.#options.target;
  }

  /** Aborted when the target does not answer any more, or its drain has passed its deadline: whoever holds it leaves. */
  get signal(): AbortSignal {
    return this.#down.signal;
  }

  /** The connection stands; the handshake follows. */
  reached(): void {
    if (this.#reachedAt !== undefined) return;
    this.#reachedAt = this.#now();
    this.#options.measures.connect.observe(this.#reachedAt - this.#begunAt);
  }

  /** The handshake went well. @returns how long all that took, in milliseconds. */
  opened(): number {
    this.#openAt = this.#now();
    if (this.#reachedAt !== undefined) this.#options.measures.handshake.observe(this.#openAt - this.#reachedAt);
    return this.#openAt - this.#begunAt;
  }

  /** Bytes went to the target, and with them the ends of so many messages. */
  countIn(bytes: number, messages: number): void {
    this.#options.measures.countIn(bytes, messages);
  }

  /** The same from the target. */
  countOut(bytes: number, messages: number): void {
    const { measures } = this.#options;
    measures.countOut(bytes, messages);
    if (messages === 0 || this.#openAt === undefined) return;
    measures.firstMessage.observe(this.#now() - this.#openAt);
    this.#openAt = undefined;
  }

  /** The connection is gone. Harmless when it was. @param error - The target broke it. */
  end(error?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#options.onEnd(error);
  }

  /** For the pool: tells whoever holds it. */
  tell(reason: Error): void {
    this.#down.abort(reason);
  }

  #now(): number {
    return this.#options.clock.monotonic();
  }
}
