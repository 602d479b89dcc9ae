import { HawserError } from "@hawser/protocol";
import type { Position } from "@hawser/protocol";
import type { Appender } from "./appender.ts";
import type { PlainAppend } from "./plain-append.ts";

/** What became of a message that is appended at most once. */
export interface AppendedOnce {
  /** `undefined`: it is a duplicate of one whose place the log does not remember. */
  readonly position: Position | undefined;
  readonly duplicate: boolean;
}

/**
 * Appends the only message of a producer: the log takes one of each, as long as it remembers the producer (the channel's
 * `deduplicateMs`), whichever node is asked and however often.
 *
 * @param producer - At most 200 bytes of UTF-8, and nobody else's.
 * @throws HawserError `log-unavailable` (the outcome is open: ask again), `log-full`.
 */
export function appendedOnce(appender: Appender, append: PlainAppend, producer: string): Promise<AppendedOnce> {
  const { channel, payload, key = "", publisher = "" } = append;
  return new Promise((resolve, reject) => {
    appender.add({ channel, producer, sequence: 1, previous: 0, payload, key, publisher }, (outcome) => {
      if (outcome.kind === "accepted" || outcome.kind === "duplicate") {
        const { epoch, offset } = outcome;
        resolve({ position: epoch === 0 ? undefined : { epoch, offset }, duplicate: outcome.kind === "duplicate" });
      } else if (outcome.kind === "failed") reject(new HawserError(outcome.code, outcome.message, { retry: true }));
      else reject(new HawserError("internal", `The log answered ${outcome.kind} to a first message.`, { retry: true }));
    });
  });
}
