import { refuseOption } from "../option-invalid.ts";

/**
 * What becomes of a publish for which the outbox has no room. `reject`: it ends at once as `rejected`, `outbox-full`.
 * `wait`: it stays `queued` in a line, and is taken in when there is room; `Publication.admitted` tells when.
 * `drop-oldest`: the oldest of its own channel that were never sent make room, and end as `rejected`, `outbox-full`.
 */
export type Overflow = "reject" | "wait" | "drop-oldest";

/** What bounds the messages that are published and have no outcome yet. */
export interface OutboxOptions {
  /** Publishes without an outcome. Default 1,000. */
  readonly maxMessages: number;
  /** Bytes of their payloads. Default 8 MiB. */
  readonly maxBytes: number;
  /** What a publish does that finds no room and does not say. Default "reject". */
  readonly overflow: Overflow;
  /** Publishes that wait for room, in a line beside the others; of their bytes `maxBytes` once more. Default 1,000. */
  readonly maxWaiting: number;
  /** Publishes that were sent and not answered. Default 128. */
  readonly maxInFlight: number;
  /**
   * How long after it was first sent a publish may be sent again when the log could not tell that it has it: below the
   * channels' `deduplicateMs`. Past it the outcome is `unknown`. Default 50 minutes (servers remember for an hour).
   */
  readonly resendWithinMs: number;
}

/** What stands for options that are not given. */
export const defaultOutbox: OutboxOptions = {
  maxMessages: 1_000,
  maxBytes: 8 * 1_048_576,
  overflow: "reject",
  maxWaiting: 1_000,
  maxInFlight: 128,
  resendWithinMs: 50 * 60_000,
};

/** @throws HawserError `option-invalid` */
export function assertOverflow(name: string, value: unknown): asserts value is Overflow {
  if (value === "reject" || value === "wait" || value === "drop-oldest") return;
  refuseOption(name, '"reject", "wait" or "drop-oldest"');
}
