import { HawserError } from "@hawser/protocol";

/** What the log server bounds. Integers above 0; durations in milliseconds. */
export interface ServerLimits {
  /** One frame of either direction. An entry that is too large for the other side's limit crosses as a hole. Default 16 MiB. */
  readonly maxFrameBytes: number;
  /** Remote logs at a time. Past it one is refused, and tries again. Default 64. */
  readonly maxClients: number;
  /** Requests of one remote log that wait for their answer. Past it reading from it pauses. Default 1,024. */
  readonly maxInFlight: number;
  /** Bytes of those requests, and of the pages that they ask for. Past it reading pauses. Default 64 MiB. */
  readonly maxInFlightBytes: number;
  /** Channels that one remote log follows. Past it `follow` rejects with `overloaded`. Default 100,000. */
  readonly maxFollowers: number;
  /** Bytes that wait for one remote log. Past it its followers' positions stand still, and reading from it pauses. Default 4 MiB. */
  readonly maxUnsentBytes: number;
  /** Payload bytes of one page; a remote log asks for more pages by itself. Default 1 MiB. */
  readonly maxPageBytes: number;
  /** How long a remote log may take to say what it is. Default 5,000. */
  readonly helloTimeoutMs: number;
  /** How long closing waits for appends under way and for bytes to go out. Default 5,000. */
  readonly closeTimeoutMs: number;
}

const defaults: ServerLimits = {
  maxFrameBytes: 16 * 1024 * 1024,
  maxClients: 64,
  maxInFlight: 1_024,
  maxInFlightBytes: 64 * 1024 * 1024,
  maxFollowers: 100_000,
  maxUnsentBytes: 4 * 1024 * 1024,
  maxPageBytes: 1024 * 1024,
  helloTimeoutMs: 5_000,
  closeTimeoutMs: 5_000,
};

/** Below it not every message of the protocol would fit; see `wire/`. */
export const leastFrameBytes = 64 * 1024;
/** Below it a link of Node would not say when there is room again. */
const leastUnsentBytes = 64 * 1024;

/** Fills in the defaults. Throws `option-invalid` for what is not a number that the limit can have. */
export function serverLimits(given: Partial<ServerLimits> = {}): ServerLimits {
  const limits: Record<keyof ServerLimits, number> = { ...defaults };
  for (const name of Object.keys(defaults) as (keyof ServerLimits)[]) {
    const value = given[name];
    if (value !== undefined) limits[name] = atLeast(name, value, leasts[name] ?? 1);
  }
  return limits;
}

const leasts: Partial<ServerLimits> = { maxFrameBytes: leastFrameBytes, maxUnsentBytes: leastUnsentBytes };

/** The value, which must be an integer and no less. Throws `option-invalid`. */
export function atLeast(name: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new HawserError("option-invalid", `${name} must be an integer of ${least} or more, not ${value}`);
}
