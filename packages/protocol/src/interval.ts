import type { Interval, Message } from "./message.ts";

/**
 * What becomes of a batch (SUB-4): `old` is dropped; `accepted` is delivered, the messages at or below the receiver's
 * offset left out, and `batch.to` is the offset from then on; a `gap` is not delivered: the receiver asks once, by
 * `seek(offset)`, and drops what comes until a batch is not a gap.
 */
export type Reception = "old" | "accepted" | "gap";

/**
 * The interval rule (SUB-4), which resume, de-duplication, hand-over and the finding of gaps all rest on.
 *
 * @param offset - The receiver's: it has had everything at or below.
 */
export function receive(offset: number, batch: Interval): Reception {
  if (batch.to <= offset) return "old";
  return batch.from <= offset ? "accepted" : "gap";
}

/** Those of a batch's messages, which rise, that the receiver has not had. The same array when that is all of them. */
export function messagesAbove(messages: readonly Message[], offset: number): readonly Message[] {
  let first = 0;
  while (first < messages.length && messages[first]!.offset <= offset) first++;
  return first === 0 ? messages : messages.slice(first);
}
