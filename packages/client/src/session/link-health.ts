/**
 * Whether streams are well placed on a connection. `slow`: it takes much longer than the best one. `stalled`: a ping is
 * without an answer for longer than it should be. `leaving`: another connection takes over, and this one ends when
 * nothing hangs on it.
 */
export type LinkHealth = "good" | "slow" | "stalled" | "leaving";
