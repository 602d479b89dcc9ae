import { newCounters } from "../connection/counters.ts";
import type { ConnectionCounters } from "../connection/counters.ts";

/** Sums over the connections of a session. */
export interface Totals extends ConnectionCounters {
  /** How often a connection was made. */
  connects: number;
}

/** Totals that stand at zero. */
export function newTotals(): Totals {
  return { connects: 0, ...newCounters() };
}

/** Adds what one connection counted. */
export function addCounters(totals: Totals, counters: ConnectionCounters): void {
  totals.messagesIn += counters.messagesIn;
  totals.messagesOut += counters.messagesOut;
  totals.bytesIn += counters.bytesIn;
  totals.bytesOut += counters.bytesOut;
}
