import { UsageError } from "./exit-codes.ts";

const unitsMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/**
 * Reads a duration such as `90s`, `15m`, `12h` or `30d`, and gives it in milliseconds.
 *
 * @throws UsageError that names `origin`, the option it came from.
 */
export function parseDuration(text: string, origin: string): number {
  const value = durationMs(text);
  if (value !== undefined && value > 0) return value;
  throw new UsageError(`${origin} must be a time such as 90s, 15m, 12h or 30d, not ${JSON.stringify(text)}`);
}

/** The same, with 0 for no time at all; `undefined` for what is no duration. */
export function durationMs(text: string): number | undefined {
  if (text === "0") return 0;
  const [, count = "", unit = ""] = /^(\d+)(ms|[smhd])$/.exec(text) ?? [];
  const value = Number(count) * (unitsMs[unit] ?? Number.NaN);
  return Number.isSafeInteger(value) ? value : undefined;
}
