import type { Clock, Random, Timers } from "@hawser/protocol";
import type { Log, LogCapabilities } from "../log.ts";

/** What a log and its harness can do; it chooses the cases. */
export interface ConformanceCapabilities extends LogCapabilities {
  /** The harness can close and crash a log and open the same store again. */
  readonly reopens: boolean;
  /** The harness can let time pass. */
  readonly controlsTime: boolean;
  /** Which parts of a retention policy the log enforces. */
  readonly trims: readonly ("count" | "bytes" | "age")[];
  /** The largest payload that the log takes, at most 256 KiB are tried. */
  readonly maxPayloadBytes: number;
}

/** What runs the cases: made anew for each of them. */
export interface ConformanceHarness {
  readonly capabilities: ConformanceCapabilities;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  /** A log over a new, empty store; not opened. */
  create(): Promise<Log>;
  /**
   * Ends a log, in order (`close`) or as if its process had been killed (`crash`), and gives one over the same store, not
   * opened. Needed with `reopens`.
   */
  reopen?(log: Log, how: "close" | "crash"): Promise<Log>;
  /** Lets time pass, on the clock and for the timers. Needed with `controlsTime`. */
  advance?(durationMs: number): Promise<void>;
  /** Waits for `work`, and drives what it waits for: simulated time, or nothing where time is real. */
  drive<Result>(work: Promise<Result>): Promise<Result>;
  /** Gives what is under way a chance to go on; a case calls it again and again while it waits for something. */
  settle(): Promise<void>;
}

/** One fact of the port. */
export interface ConformanceCase {
  /** A sentence of fact. */
  readonly name: string;
  /** Whether the case applies. */
  readonly needs: (capabilities: ConformanceCapabilities) => boolean;
  /** Rejects when the fact does not hold. */
  readonly run: (harness: ConformanceHarness) => Promise<void>;
}

/** The case applies to every log. */
export const always = (): boolean => true;
/** The log holds to producer, sequence and previous. */
export const deduplicating = (capabilities: ConformanceCapabilities): boolean => capabilities.deduplicates;
/** The log can be read. */
export const readable = (capabilities: ConformanceCapabilities): boolean => capabilities.history !== "none";
