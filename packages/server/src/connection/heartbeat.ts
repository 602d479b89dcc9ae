/** What is known of a peer, in monotonic milliseconds. */
export interface Pulse {
  /** When something was heard of it last. */
  readonly heardAt: number;
  /** Since when it owes a confirmation; `undefined` when it owes none. */
  readonly waitingSince: number | undefined;
}

/**
 * Silence is answered with a question, then with the end (CON-11, FLOW-3).
 *
 * @returns `ask`: nothing was heard for a heartbeat, and nothing is asked yet; `dead`: nothing for two of them.
 */
export function judgePulse(
  { heardAt, waitingSince }: Pulse,
  heartbeatMs: number,
  now: number,
): "ask" | "dead" | "well" {
  const silentMs = now - heardAt;
  const owedMs = waitingSince === undefined ? 0 : now - waitingSince;
  if (silentMs >= 2 * heartbeatMs || owedMs >= 2 * heartbeatMs) return "dead";
  return silentMs >= heartbeatMs && waitingSince === undefined ? "ask" : "well";
}
