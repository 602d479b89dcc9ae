import { defaultSocketLimits, HawserError } from "@hawser/protocol";
import type { SocketLimits } from "@hawser/protocol";

/** What a home bounds. Durations are milliseconds, sizes bytes. */
export interface HomeLimits extends SocketLimits {
  /** Virtual sockets of all sessions, those that are being opened too. Past it: `overloaded` (retry). Default 20,000. */
  readonly maxNodeSockets: number;
  /** How long the client may wait to be told that a piece has come. Default 20. */
  readonly acknowledgeMs: number;
}

export const defaultHomeLimits: HomeLimits = {
  ...defaultSocketLimits,
  maxNodeSockets: 20_000,
  acknowledgeMs: 20,
};

/** A window has room for the cost of an empty message, twice. */
const leastWindowBytes = 64;

/**
 * The defaults with what is named in their place.
 *
 * @throws HawserError `option-invalid` for a name that is no limit, and for a value that is not an integer from 1
 *   (`socketWindowBytes`: from 64; times: to 2^31 - 1).
 */
export function resolveHomeLimits(named: Partial<HomeLimits> = {}): HomeLimits {
  const limits: { -readonly [Name in keyof HomeLimits]: number } = { ...defaultHomeLimits };
  for (const [name, value] of Object.entries(named)) {
    if (!isLimitName(name))
      throw new HawserError("option-invalid", `limits.${name} is not a limit of virtual sockets.`);
    if (value === undefined) continue;
    const lowest = name === "socketWindowBytes" ? leastWindowBytes : 1;
    const highest = name.endsWith("Ms") ? 2 ** 31 - 1 : Number.MAX_SAFE_INTEGER;
    if (!Number.isSafeInteger(value) || value < lowest || value > highest)
      throw new HawserError("option-invalid", `limits.${name} must be an integer from ${lowest} to ${highest}.`);
    limits[name] = value;
  }
  return limits;
}

function isLimitName(name: string): name is keyof HomeLimits {
  return Object.hasOwn(defaultHomeLimits, name);
}
