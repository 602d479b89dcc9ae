import type { Append } from "../log.ts";

/** What the log remembers of one producer in one channel, as far as the rule needs it. */
export interface LastAccepted {
  /** The sequence that was accepted last; at least 1. */
  readonly last: number;
}

/** What PUB-1 to PUB-4 say about an append. With `duplicate` the position is the caller's to look up. */
export type AppendDecision =
  | { readonly kind: "accept" }
  | { readonly kind: "duplicate" }
  | { readonly kind: "out-of-order"; readonly last: number }
  | { readonly kind: "producer-unknown" };

const accept: AppendDecision = { kind: "accept" };
const duplicate: AppendDecision = { kind: "duplicate" };
const producerUnknown: AppendDecision = { kind: "producer-unknown" };

/**
 * The rule of the conditional append: PUB-1 to PUB-4 and PUB-7 of `spec/protocol.md`, section 5. Every log decides by
 * this function and by nothing else, so that a client that moves between nodes meets one rule.
 *
 * @param state what is remembered of `append.producer` in `append.channel`; `undefined`: nothing, or no longer.
 */
export function decideAppend(
  state: LastAccepted | undefined,
  append: Pick<Append, "producer" | "sequence" | "previous">,
): AppendDecision {
  if (append.producer === "") return accept;
  if (state === undefined) return append.previous === 0 ? accept : producerUnknown;
  // A sequence that does not rise is never appended, even when `previous` fits: PUB-8 refuses it before it comes here.
  if (append.sequence <= state.last) return duplicate;
  return append.previous === state.last ? accept : { kind: "out-of-order", last: state.last };
}
