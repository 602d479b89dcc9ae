/**
 * What the cores of client, server and log take from the world. The real ones wrap the platform; the simulator's are
 * driven by a seed, so that one seed gives one trace.
 */

/** What time it is. */
export interface Clock {
  /** Milliseconds since 1970. May step in either direction. */
  now(): number;
  /** Milliseconds since some moment; never goes back. May have fractions. */
  monotonic(): number;
}

/** A timer that was set. */
export interface Timer {
  /** The callback will not be called any more. Harmless when it was. */
  cancel(): void;
}

/** What calls back after a time. */
export interface Timers {
  /** Calls back once, after at least `delayMs` milliseconds. */
  after(delayMs: number, callback: () => void): Timer;
  /** Calls back once, after the current turn of the event loop. */
  soon(callback: () => void): void;
}

/** Where randomness comes from. */
export interface Random {
  /** `count` random bytes, fit for identities and secrets. */
  bytes(count: number): Uint8Array;
  /** A number in [0, 1). */
  number(): number;
}
