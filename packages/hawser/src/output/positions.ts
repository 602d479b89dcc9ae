import type { Interval, Position } from "@hawser/protocol";
import { UsageError } from "../exit-codes.ts";

/** A position as the command writes and reads it: `EPOCH:OFFSET`. */
export function positionText(position: Position): string {
  return `${position.epoch}:${position.offset}`;
}

/** `(from, to]` in words. */
export function intervalText(interval: Interval): string {
  return interval.to - interval.from === 1 ? `offset ${interval.to}` : `offsets ${interval.from + 1} to ${interval.to}`;
}

/**
 * Reads `EPOCH:OFFSET`, or the JSON form that `--json` prints.
 *
 * @throws UsageError that names `origin`, the option it came from.
 */
export function parsePosition(text: string, origin: string): Position {
  const short = /^(\d+):(\d+)$/.exec(text);
  const parsed: unknown = short ? { epoch: Number(short[1]), offset: Number(short[2]) } : parseJson(text);
  if (isPosition(parsed)) return { epoch: parsed.epoch, offset: parsed.offset };
  throw new UsageError(`${origin} must be a position such as 1732279000:42, not ${JSON.stringify(text)}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isPosition(value: unknown): value is Position {
  if (typeof value !== "object" || value === null) return false;
  const { epoch, offset } = value as Partial<Record<keyof Position, unknown>>;
  return [epoch, offset].every((part) => Number.isSafeInteger(part) && (part as number) >= 0);
}
