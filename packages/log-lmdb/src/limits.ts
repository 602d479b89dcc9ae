import { HawserError } from "@hawser/protocol";

/** What an embedded log is made with: its folder, and its limits. */
export interface LmdbLogOptions {
  /** The data folder. Made when it does not exist; one that holds anything else is refused (`log-foreign`). */
  readonly path: string;
  /** Payload bytes of all durable channels together. Past it appends fail with `log-full`. Default 64 GiB. */
  readonly maxBytes?: number;
  /**
   * Free bytes that the file system must keep. Below it appends fail with `log-full`, while trimming, which itself needs
   * room to write, goes on. Default 64 MiB.
   */
  readonly minFreeBytes?: number;
  /** Durable channels that ever had an entry. Past it appends to a new one fail with `log-full`. Default 1,000,000. */
  readonly maxChannels?: number;
  /** Durable channels whose state is kept in memory; those with followers are, in any case. Default 50,000. */
  readonly maxCachedChannels?: number;
  /** Producers that are remembered over all durable channels; past it those quiet longest are forgotten. Default 1,000,000. */
  readonly maxProducers?: number;
  /** Sequences per producer and channel whose positions are remembered for duplicates. Default 32. */
  readonly maxRecentPositions?: number;
  /** Epochs that a channel's lineage holds, and the log of its runs; positions of older ones cannot be carried over. Default 256. */
  readonly maxLineage?: number;
  /** Appends that one transaction takes at most, but for a single call with more. Default 8,192. */
  readonly maxGroupAppends?: number;
  /** Payload bytes that wait for a transaction at most. Past it appends fail with `log-unavailable`. Default 256 MiB. */
  readonly maxWaitingBytes?: number;
  /** Entries of one channel that one transaction trims at most. Default 1,024. */
  readonly maxTrimStep?: number;
  /** Channels that one sweep looks at for entries that are too old. Default 1,024. */
  readonly maxSweepVisits?: number;
  /** How often age is looked at, in milliseconds. Default 1,000. */
  readonly sweepIntervalMs?: number;
}

/** The limits of an embedded log, all given. */
export type Limits = Required<Omit<LmdbLogOptions, "path">>;

const defaults: Limits = {
  maxBytes: 64 * 1024 ** 3,
  minFreeBytes: 64 * 1024 ** 2,
  maxChannels: 1_000_000,
  maxCachedChannels: 50_000,
  maxProducers: 1_000_000,
  maxRecentPositions: 32,
  maxLineage: 256,
  maxGroupAppends: 8_192,
  maxWaitingBytes: 256 * 1024 ** 2,
  maxTrimStep: 1_024,
  maxSweepVisits: 1_024,
  sweepIntervalMs: 1_000,
};

/** Fills in the defaults. Throws `option-invalid` for what is not a number that the limit can have. */
export function limitsOf(options: LmdbLogOptions): Limits {
  if (options.path === "") throw new HawserError("option-invalid", "lmdbLog needs the path of its data folder");
  const limits: Record<keyof Limits, number> = { ...defaults };
  for (const name of Object.keys(defaults) as (keyof Limits)[]) {
    const value = options[name];
    if (value === undefined) continue;
    const least = name === "minFreeBytes" || name === "maxRecentPositions" ? 0 : 1;
    if (!(value >= least)) throw new HawserError("option-invalid", `${name} must be ${least} or more, not ${value}`);
    limits[name] = value;
  }
  return limits;
}
