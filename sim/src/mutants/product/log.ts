import type { ProductMutant } from "../mutant.ts";

const decision = "packages/log/src/deduplication/decide-append.ts";

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
];
