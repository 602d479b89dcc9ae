import type { ProductMutant } from "../mutant.ts";

const decision = "packages/log/src/deduplication/decide-append.ts";
const pending = "packages/log/src/broker-log/pending-appends.ts";

/** Faults in the log over a broker, which decides itself what counts. */
export const logMutants: readonly ProductMutant[] = [
  {
    kind: "product",
    id: "duplicates-accepted",
    sentence: "a sequence that was accepted is accepted again",
    file: decision,
    find: "if (append.sequence <= state.last) return duplicate;",
    replace:
      "if (append.sequence < state.last) return duplicate;\n  if (append.sequence === state.last) return accept;",
  },
  {
    kind: "product",
    id: "previous-ignored",
    sentence: "a publish is accepted whatever the last was",
    file: decision,
    find: 'return append.previous === state.last ? accept : { kind: "out-of-order", last: state.last };',
    replace: "return accept;",
  },
  {
    kind: "product",
    id: "sent-again-without-a-producer",
    sentence: "an append that nobody knows again is sent twice",
    file: pending,
    find: 'for (const pending of this.#all) if (pending.append.producer !== "") pending.state = "unsent";',
    replace: 'for (const pending of this.#all) pending.state = "unsent";',
  },
  {
    kind: "product",
    id: "overtaken-is-final",
    sentence: "an append that was overtaken on its way to the broker is refused",
    file: pending,
    find: "if (this.#isFirst(pending)) this.#settle(pending, verdict);",
    replace: "if (pending.ids.length > 0) this.#settle(pending, verdict);",
  },
  {
    kind: "product",
    id: "late-append-not-retried",
    sentence: "an append that the broker lost is not sent again",
    file: pending,
    find: "now - pending.sentAt >= this.#options.retryMs",
    replace: "now - pending.sentAt >= this.#options.retryMs * 1e6",
  },
];
