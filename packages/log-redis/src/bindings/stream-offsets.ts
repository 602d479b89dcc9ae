/** 2024-01-01 UTC: 40 bits of milliseconds from here last until 2058. */
export const originMs = Date.UTC(2024, 0, 1);
/** Entries of one millisecond that are told apart; the last place stands for all further ones. */
const placesPerMs = 2 ** 13;
const maxMs = 2 ** 40 - 1;

/**
 * The offset of an entry that Redis named by its clock: milliseconds since 2024-01-01 times 2^13, plus the number within
 * the millisecond. It keeps the order, and fits 53 bits.
 *
 * @returns `isExact` false where the number is too high: all such entries of a millisecond share one offset. An offset of 0
 *   or less is older than what the mapping reaches.
 */
export function offsetOf(milliseconds: number, number: number): { readonly offset: number; readonly isExact: boolean } {
  const ms = Math.min(milliseconds - originMs, maxMs);
  const isExact = number < placesPerMs - 1 && milliseconds - originMs <= maxMs;
  return { offset: ms * placesPerMs + (isExact ? number : placesPerMs - 1), isExact };
}

/** The id behind which everything lies that is above an offset, as `XREAD` takes it. */
export function idThrough(offset: number): string {
  if (offset <= 0) return "0-0";
  const place = offset % placesPerMs;
  const ms = Math.floor(offset / placesPerMs) + originMs;
  return `${ms}-${place === placesPerMs - 1 ? "18446744073709551615" : place}`;
}
