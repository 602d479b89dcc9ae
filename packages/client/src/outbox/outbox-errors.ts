import { HawserError } from "@hawser/protocol";

/** Why a publish was not taken in, or had to leave for a newer one. */
export function outboxFull(): HawserError {
  const text = "The outbox is full";
  return new HawserError("outbox-full", text, { retry: true });
}

/** Why a publish was left out for a newer one. */
export function superseded(): HawserError {
  return new HawserError("superseded", "A newer one stands for it");
}

/** Why a publish was not sent any more. */
export function expired(ttlMs: number | undefined): HawserError {
  return new HawserError("expired", `Not sent within ${ttlMs} ms`);
}

/** What a schema threw, as the error of a publish. */
export function refusalOf(cause: unknown): HawserError {
  return cause instanceof HawserError ? cause : new HawserError("payload-invalid", String(cause), { cause });
}

/** What is said of a publish that may be in the log, or not. */
export function outcomeUnknown(channel: string, cause: HawserError | undefined): HawserError {
  const text = `It is not known whether "${channel}" has it: ${cause?.message ?? "no answer"}`;
  return new HawserError("outcome-unknown", text, { cause });
}
