import { HawserError } from "@hawser/protocol";

/** Why a publish was not taken in, or had to leave for a newer one. */
export function outboxFull(): HawserError {
  const text = "The outbox is full: wait until some have been sent, or raise its limits";
  return new HawserError("outbox-full", text, { retry: true });
}

/** Why a publish was left out for a newer one. */
export function superseded(): HawserError {
  return new HawserError("superseded", "A newer message with the same key stands for it");
}

/** Why a publish was not sent any more. */
export function expired(ttlMs: number | undefined): HawserError {
  return new HawserError("expired", `It was not sent within its ${ttlMs} ms`);
}

/** What a schema threw, as the error of a publish. */
export function refusalOf(cause: unknown): HawserError {
  return cause instanceof HawserError ? cause : new HawserError("payload-invalid", String(cause), { cause });
}

/** What is said of a publish that may be in the log, or not. */
export function outcomeUnknown(channel: string, cause: HawserError | undefined): HawserError {
  const text = `It cannot be known whether "${channel}" has the message: ${cause?.message ?? "no answer came in time"}`;
  return new HawserError("outcome-unknown", text, { cause });
}
