import { HawserError } from "@hawser/protocol";

/** What the command tells the shell. Stable: scripts depend on them. */
export const exitCodes = {
  /** Everything that was asked for was done. */
  ok: 0,
  /** It failed: no connection, a rejected message, a failed call, a server that could not start. */
  failure: 1,
  /** The command line or the configuration is wrong; nothing was done. */
  usage: 2,
  /** The server refused the token, or this user may not do that. */
  refused: 3,
  /** Something was sent, and whether it took effect is not known. */
  unknown: 4,
  /** Ended by SIGINT (Ctrl+C). */
  interrupted: 130,
  /** Ended by SIGTERM. */
  terminated: 143,
} as const;

/** One of `exitCodes`. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** The command line or the configuration is wrong. The message says what, and where it came from. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Ends a command that a signal stopped. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
  readonly signal: "SIGINT" | "SIGTERM";

  constructor(signal: "SIGINT" | "SIGTERM") {
    super(`stopped by ${signal}`);
    this.signal = signal;
  }
}

const refusals: ReadonlySet<string> = new Set([
  "token-invalid",
  "token-expired",
  "forbidden",
  "too-many-connections",
  "disconnected",
]);

const unknowns: ReadonlySet<string> = new Set(["outcome-unknown", "producer-unknown", "deadline-exceeded"]);

/** The exit code that fits an error. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof UsageError) return exitCodes.usage;
  if (error instanceof Interrupted) return error.signal === "SIGINT" ? exitCodes.interrupted : exitCodes.terminated;
  if (error instanceof HawserError) {
    if (refusals.has(error.code)) return exitCodes.refused;
    if (unknowns.has(error.code)) return exitCodes.unknown;
    if (error.code === "option-invalid") return exitCodes.usage;
  }
  return exitCodes.failure;
}
