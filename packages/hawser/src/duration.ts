import { UsageError } from "./exit-codes.ts";

const unitsMs: Readonly<Record<string, number>> = {
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
  const [, count = "", unit = ""] = /^(\d+)([smhd])$/.exec(text) ?? [];
  const value = Number(count) * (unitsMs[unit] ?? 0);
  if (value > 0 && Number.isSafeInteger(value)) return value;
  throw new UsageError(`${origin} must be a time such as 90s, 15m, 12h or 30d, not ${JSON.stringify(text)}`);
}
