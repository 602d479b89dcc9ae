import type { Clock, Timer, Timers } from "@hawser/protocol";

/** What a heartbeat asks for, and tells. */
export interface HeartbeatHandlers {
  /** Send a `ping` with this nonce. */
  ping(nonce: number): void;
  /** Nothing came within the time: the connection is dead. */
  dead(): void;
  /** A `pong` came back. */
  roundTrip(roundTripMs: number): void;
}

/**
 * Finds out that the other side is gone (CON-11): when nothing was heard for an interval it asks, and when nothing
 * comes within another one the connection is dead. Times are monotonic, so that a step of the wall clock kills nothing.
 */
export class Heartbeat {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #handlers: HeartbeatHandlers;
  readonly #intervalMs: number;
  #heardAt: number;
  #nonce = 0;
  /** The ping whose pong has not come. */
  #asked: { readonly nonce: number; readonly at: number; readonly deadline: number } | undefined;
  #timer: Timer | undefined;

  /** @param intervalMs what the server told (`heartbeatMs`); 0: never ask. */
  constructor(
    ports: { readonly clock: Clock; readonly timers: Timers },
    intervalMs: number,
    handlers: HeartbeatHandlers,
  ) {
    this.#clock = ports.clock;
    this.#timers = ports.timers;
    this.#intervalMs = intervalMs;
    this.#handlers = handlers;
    this.#heardAt = this.#clock.monotonic();
    this.probe(intervalMs);
  }

  /** How long the ping that is under way waits for its pong; 0 when none is. */
  get waitingMs(): number {
    return this.#asked === undefined ? 0 : this.#clock.monotonic() - this.#asked.at;
  }

  /** Anything came from the other side. */
  heard(): void {
    this.#heardAt = this.#clock.monotonic();
  }

  /** The answer to a ping; an unknown nonce counts as heard, no more. */
  pong(nonce: number): void {
    if (this.#asked?.nonce !== nonce) return;
    const roundTripMs = this.#clock.monotonic() - this.#asked.at;
    this.#asked = undefined;
    this.#handlers.roundTrip(roundTripMs);
    this.#arm();
  }

  /** Measures the round trip, unless that is being done. */
  ask(): void {
    if (this.#asked === undefined) this.probe(this.#intervalMs);
  }

  /** Asks now, and waits at most so long for any sign of life: also when the page wakes up, or the network comes back. */
  probe(withinMs: number): void {
    if (this.#intervalMs === 0) return;
    const at = this.#clock.monotonic();
    const deadline = at + Math.min(withinMs, this.#intervalMs);
    if (this.#asked !== undefined && this.#heardAt <= this.#asked.at) {
      // One answer that is due is enough, or else who asks often would never find out.
      this.#asked = { ...this.#asked, deadline: Math.min(deadline, this.#asked.deadline) };
    } else {
      this.#nonce += 1;
      this.#asked = { nonce: this.#nonce, at, deadline };
      this.#handlers.ping(this.#nonce);
    }
    this.#arm();
  }

  /** No callback comes any more. */
  stop(): void {
    this.#timer?.cancel();
  }

  #arm(): void {
    this.#timer?.cancel();
    const due = this.#asked?.deadline ?? this.#heardAt + this.#intervalMs;
    this.#timer = this.#timers.after(Math.max(1, due - this.#clock.monotonic()), () => this.#due());
  }

  #due(): void {
    const now = this.#clock.monotonic();
    if (this.#asked !== undefined) {
      if (this.#heardAt > this.#asked.at) this.#asked = undefined;
      else if (now >= this.#asked.deadline) return this.#handlers.dead();
    }
    if (this.#asked === undefined && now >= this.#heardAt + this.#intervalMs) this.probe(this.#intervalMs);
    else this.#arm();
  }
}
