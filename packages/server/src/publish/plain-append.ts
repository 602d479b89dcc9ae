import type { AppendOutcome } from "@hawser/log";
import { HawserError } from "@hawser/protocol";
import type { Payload, Position } from "@hawser/protocol";
import type { Appender } from "./appender.ts";

/** What the node appends for the application, or for itself: nobody de-duplicates it. */
export interface PlainAppend {
  readonly channel: string;
  readonly payload: Payload;
  /** Conflation key. Default none. */
  readonly key?: string;
  /** Default none. */
  readonly publisher?: string;
}

/** `done` is called once, with where it is in the log, or why it is not known to be there. */
export function appendPlain(
  appender: Appender,
  { channel, payload, key = "", publisher = "" }: PlainAppend,
  done: (result: Position | HawserError) => void,
): void {
  const append = { channel, producer: "", sequence: 0, previous: 0, payload, key, publisher };
  appender.add(append, (outcome) => done(resultOf(outcome)));
}

/**
 * The same, awaited.
 *
 * @throws HawserError `log-unavailable` (the outcome is open), `log-full`.
 */
export function appendedPlain(appender: Appender, append: PlainAppend): Promise<Position> {
  return new Promise((resolve, reject) => {
    appendPlain(appender, append, (result) => {
      if (result instanceof HawserError) reject(result);
      else resolve(result);
    });
  });
}

function resultOf(outcome: AppendOutcome): Position | HawserError {
  if (outcome.kind === "accepted") return { epoch: outcome.epoch, offset: outcome.offset };
  if (outcome.kind === "failed") return new HawserError(outcome.code, outcome.message, { retry: true });
  return new HawserError("internal", `The log answered ${outcome.kind} to what has no producer.`, { retry: true });
}
