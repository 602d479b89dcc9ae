import type { Clock, Timers } from "@hawser/protocol";
import type { Broker, Fetched } from "../prefix/broker.ts";

/** Options of {@link fetchAgain}; times in milliseconds. */
export interface FetchAgainOptions {
  readonly broker: Broker;
  readonly clock: Clock;
  readonly timers: Timers;
  /** The pause after a fetch that failed; it doubles. */
  readonly minBackoffMs: number;
  readonly maxBackoffMs: number;
  /** After which it is given up. */
  readonly readTimeoutMs: number;
  /** Whether it is still wanted. */
  readonly isWanted: () => boolean;
}

/**
 * Fetches, and fetches again while the broker does not answer: a read of many blocks is not begun anew because of one.
 *
 * @throws what the last fetch was rejected with.
 */
export async function fetchAgain(options: FetchAgainOptions, offset: number, maxCount: number): Promise<Fetched> {
  const { broker, clock, timers, minBackoffMs, maxBackoffMs, readTimeoutMs, isWanted } = options;
  const deadline = clock.monotonic() + readTimeoutMs;
  for (let pauseMs = minBackoffMs; ; pauseMs = Math.min(maxBackoffMs, pauseMs * 2)) {
    try {
      return await broker.fetch(offset, maxCount, 0);
    } catch (error) {
      if (!isWanted() || clock.monotonic() + pauseMs >= deadline) throw error;
    }
    await new Promise<void>((resolve) => void timers.after(pauseMs, resolve));
  }
}
