import { HawserError } from "@hawser/protocol";
import { checkEndpoints } from "./endpoints.ts";

/** How the connections of a server are let go. */
export interface DrainOptions {
  /**
   * The whole time, in milliseconds: clients are told to move evenly over all of it but the last `deadlineMs`. It takes
   * longer where `maxMovesPerSecond` asks for that. Default 30,000.
   */
  readonly overMs?: number;
  /**
   * How long each connection may stay after it was told, for the calls that it waits for; then it is closed with 4000.
   * At most `overMs`. Default 10,000, or a third of `overMs` if that is less.
   */
  readonly deadlineMs?: number;
  /** Clients are told no faster, however short `overMs` is: those who take them have to authenticate them. Default 1,000. */
  readonly maxMovesPerSecond?: number;
  /**
   * Public addresses of other nodes, at most 32. Each client gets the list turned by one more than the client before, so
   * that they spread. Empty: clients choose among the addresses that they know. Default: the server's `peers`.
   */
  readonly endpoints?: readonly string[];
}

/** The options, all given. */
export type DrainPlan = Required<DrainOptions>;

const defaultOverMs = 30_000;
const mostDeadlineMs = 10_000;
const defaultMovesPerSecond = 1_000;
/** The longest delay that a platform's timer takes. */
const maxTimerMs = 2 ** 31 - 1;

/**
 * Fills in the defaults.
 *
 * @throws HawserError `option-invalid`, which names the option.
 */
export function drainPlan(options: DrainOptions = {}): DrainPlan {
  const { overMs = defaultOverMs, maxMovesPerSecond = defaultMovesPerSecond, endpoints = [] } = options;
  const { deadlineMs = Math.min(mostDeadlineMs, Math.floor(overMs / 3)) } = options;
  for (const name of Object.keys(options))
    if (!optionNames.has(name)) throw new HawserError("option-invalid", `${name} is not an option of drain.`);
  inRange("overMs", overMs, 0, maxTimerMs);
  inRange("deadlineMs", deadlineMs, 0, overMs);
  inRange("maxMovesPerSecond", maxMovesPerSecond, 1, Number.MAX_SAFE_INTEGER);
  checkEndpoints("endpoints", endpoints);
  return { overMs, deadlineMs, maxMovesPerSecond, endpoints };
}

const optionNames: ReadonlySet<string> = new Set<keyof DrainOptions>([
  "overMs",
  "deadlineMs",
  "maxMovesPerSecond",
  "endpoints",
]);

function inRange(name: string, value: unknown, least: number, most: number): void {
  if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most) return;
  throw new HawserError("option-invalid", `${name} of drain must be an integer from ${least} to ${most}.`);
}
