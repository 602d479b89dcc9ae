import { HawserError } from "@hawser/protocol";
import { takenEvery } from "./line.ts";

/** What a host of shared connections bounds. */
export interface SharedHostLimits {
  /** Streams of all tabs together. Past it a stream ends with 1006, and its client tries again later. Default 256. */
  readonly maxStreams: number;
  /**
   * What was posted to a tab for one stream and not taken by it, in bytes + 256 a message: a tab that is frozen. Past it
   * the stream ends; its client resumes when it wakes. Default 8 MiB.
   */
  readonly maxUnreadBytes: number;
  /** Bytes that wait for the network on one physical connection. Past it the connection is cut. Default 16 MiB. */
  readonly maxUnsentBytes: number;
}

export const defaultHostLimits: SharedHostLimits = {
  maxStreams: 256,
  maxUnreadBytes: 8_388_608,
  maxUnsentBytes: 16_777_216,
};

/** @throws HawserError `option-invalid` */
export function resolveHostLimits(named: Partial<SharedHostLimits> = {}): SharedHostLimits {
  const limits = { ...defaultHostLimits, ...named };
  for (const [name, value] of Object.entries(limits)) {
    const least = name === "maxUnreadBytes" ? 2 * takenEvery : 1;
    if (Number.isSafeInteger(value) && value >= least) continue;
    throw new HawserError("option-invalid", `\`limits.${name}\` is a whole number from ${least}, not ${String(value)}`);
  }
  return limits;
}
