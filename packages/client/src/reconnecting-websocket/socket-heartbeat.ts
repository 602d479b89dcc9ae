import type { Clock, Timer, Timers } from "@hawser/protocol";
import type { SocketData } from "./socket-data.ts";

/** How a dead connection is found. */
export interface SocketHeartbeatOptions {
  /** Between one question and the next. Default 25,000. */
  readonly intervalMs?: number;
  /** How long after a question anything at all must have come, or the connection is given up. Default 10,000. */
  readonly timeoutMs?: number;
  /**
   * The question: a message of the application's, or a function that makes one. Without a question, and without `ping`,
   * it is only listened, for servers that ask by themselves: the connection is given up after a silence of both times.
   */
  readonly message?: SocketData | (() => SocketData);
  /**
   * Whether a message is the answer. Answers give the round trip, and are not passed on to the application. Any other
   * message is a sign of life too. Default: nothing is taken for an answer.
   */
  readonly isAnswer?: (data: string | ArrayBuffer) => boolean;
  /** Ask by WebSocket pings, where the platform lets scripts send them (`ws`, Bun); elsewhere there is no heartbeat. */
  readonly ping?: boolean;
}

/** What the heartbeat of a socket asks for, and tells. */
export interface SocketHeartbeatHandlers {
  /** Without it, it is only listened. */
  ask: (() => void) | undefined;
  /** Nothing came in time. */
  dead(): void;
  roundTrip(roundTripMs: number): void;
}

/** Asks the other side regularly, and finds out when nothing comes back. Times are monotonic. */
export class SocketHeartbeat {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #intervalMs: number;
  readonly #timeoutMs: number;
  readonly #handlers: SocketHeartbeatHandlers;
  #timer: Timer;
  #askedAt: number;
  #heardAt: number;
  /** Since the last question. */
  #heard = true;
  /** Questions without an answer: more than one, and it cannot be known which an answer belongs to. */
  #unanswered = 0;

  constructor(
    ports: { readonly clock: Clock; readonly timers: Timers },
    intervalMs: number,
    timeoutMs: number,
    handlers: SocketHeartbeatHandlers,
  ) {
    this.#clock = ports.clock;
    this.#timers = ports.timers;
    this.#intervalMs = intervalMs;
    this.#timeoutMs = timeoutMs;
    this.#handlers = handlers;
    this.#askedAt = this.#heardAt = this.#clock.monotonic();
    this.#timer =
      handlers.ask === undefined
        ? this.#timers.after(intervalMs + timeoutMs, () => this.#listen())
        : this.#timers.after(intervalMs, () => this.#ask());
  }

  /** Anything came. */
  heard(): void {
    this.#heard = true;
    this.#heardAt = this.#clock.monotonic();
  }

  /** An answer came. */
  answered(): void {
    this.#heard = true;
    if (this.#unanswered === 1) this.#handlers.roundTrip(this.#clock.monotonic() - this.#askedAt);
    if (this.#unanswered > 0) this.#unanswered -= 1;
  }

  /** Asks now instead of later: the network may have changed. A question that waits for its answer is enough. */
  probe(): void {
    if (!this.#heard || this.#handlers.ask === undefined) return;
    this.#timer.cancel();
    this.#ask();
  }

  stop(): void {
    this.#timer.cancel();
  }

  #ask(): void {
    this.#heard = false;
    this.#unanswered += 1;
    this.#askedAt = this.#clock.monotonic();
    this.#timer = this.#timers.after(this.#timeoutMs, () => this.#check());
    this.#handlers.ask?.();
  }

  #listen(): void {
    const left = this.#heardAt + this.#intervalMs + this.#timeoutMs - this.#clock.monotonic();
    if (left <= 0) this.#handlers.dead();
    else this.#timer = this.#timers.after(left, () => this.#listen());
  }

  #check(): void {
    if (!this.#heard) return this.#handlers.dead();
    const next = this.#askedAt + this.#intervalMs - this.#clock.monotonic();
    this.#timer = this.#timers.after(Math.max(0, next), () => this.#ask());
  }
}
