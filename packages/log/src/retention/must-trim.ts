import type { LogPolicy } from "../log.ts";

/** What of a channel is kept now. */
export interface RetentionStats {
  readonly count: number;
  /** Sum of the payload bytes. */
  readonly bytes: number;
}

/**
 * Whether a channel's oldest entry has to go. A log calls it again after each trim, until it says no; how many steps it
 * takes at a time is the log's choice. By bytes the newest entry is never trimmed, or one large message would be
 * gone before anybody had read it.
 *
 * @param oldestAgeMs how long ago the oldest entry was appended.
 */
export function mustTrim(policy: LogPolicy, stats: RetentionStats, oldestAgeMs: number): boolean {
  if (stats.count === 0) return false;
  if (stats.count > policy.retainCount) return true;
  if (stats.bytes > policy.retainBytes && stats.count > 1) return true;
  return oldestAgeMs >= policy.retainAgeMs;
}
