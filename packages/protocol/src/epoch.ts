import { assert } from "./errors.ts";
import type { Random } from "./ports.ts";

/** 2024-01-01 UTC: 40 bits of milliseconds from here last until 2058. */
const originMs = Date.UTC(2024, 0, 1);
const maxMs = 2 ** 40 - 1;
const randomValues = 2 ** 13;

/**
 * An epoch for a log that begins now: an integer from 1 to 2^53 - 1, ordered by the time of creation and then at
 * random: milliseconds since 2024-01-01 times 2^13, plus 13 random bits. It is above `above` whatever the clock says.
 *
 * @param now - `Clock.now()`.
 * @param above - The highest epoch that the log, or a position shown to it, has had; 0 for none.
 */
export function nextEpoch(now: number, random: Random, above: number): number {
  assert(Number.isSafeInteger(above) && above >= 0 && above < Number.MAX_SAFE_INTEGER, `no epoch is above ${above}`);
  const ms = Math.min(Math.max(Math.trunc(now) - originMs, 0), maxMs);
  const [high = 0, low = 0] = random.bytes(2);
  const bits = ((high << 8) | low) % randomValues;
  const epoch = ms * randomValues + bits;
  if (epoch > above) return epoch;
  // The clock is behind. Bits are still drawn, so that two nodes with the same history do not take the same epoch.
  return Math.min(above + 1 + bits, Number.MAX_SAFE_INTEGER);
}
