import type { ProductMutant } from "../mutant.ts";

const chain = "packages/client/src/outbox/producer-chain.ts";
const outbox = "packages/client/src/outbox/outbox.ts";
const publisher = "packages/server/src/publish/publisher.ts";
const appender = "packages/server/src/publish/appender.ts";

/** Faults on the way of a publish: its order, its repetition, its answer. */
export const publishingMutants: readonly ProductMutant[] = [
  {
    kind: "product",
    id: "outbox-order-lost",
    sentence: "what is sent again is put behind what is new",
    file: chain,
    find: "this.#cursor = 0;\n    this.#connection += 1;",
    replace: "this.#sent.reverse();\n    this.#cursor = 0;\n    this.#connection += 1;",
  },
  {
    kind: "product",
    id: "outbox-dropped-at-reconnect",
    sentence: "what had no answer when the connection was lost is not sent again",
    file: chain,
    find: "this.#cursor = 0;\n    this.#connection += 1;",
    replace: "this.#cursor = this.#sent.length;\n    this.#connection += 1;",
  },
  {
    kind: "product",
    id: "renumbered-at-reconnect",
    sentence: "what had no answer when the connection was lost is sent again with a new number",
    file: chain,
    find: "this.#cursor = 0;\n    this.#connection += 1;",
    replace:
      "this.#again.unshift(...this.#sent.splice(0).map((entry) => entry.item));\n    this.#cursor = 0;\n    this.#connection += 1;",
  },
  {
    kind: "product",
    id: "not-chained-anew",
    sentence: "what was refused as out of order goes out again as it was",
    file: chain,
    find: "      entry.previous = previous;\n",
    replace: "",
  },
  {
    kind: "product",
    id: "old-publish-sent-again",
    sentence: "what is older than the de-duplication window is sent again",
    file: outbox,
    find: "return ageMs > (deduplicateMs === 0 ? resendWithinMs",
    replace: "return ageMs > 10 * (deduplicateMs === 0 ? resendWithinMs",
  },
  {
    kind: "product",
    id: "doubtful-told-as-rejected",
    sentence: "a refusal counts although an earlier attempt may be in the log",
    file: chain,
    find: 'this.#fail(entry, entry.doubtful || entry.inFlight > 0 ? "unknown" : "rejected", error);',
    replace: 'this.#fail(entry, "rejected", error);',
  },
  {
    kind: "product",
    id: "acknowledged-when-the-log-failed",
    sentence: "a publish is acknowledged although the log did not say that it has it",
    file: publisher,
    find: '      case "failed":\n',
    replace:
      '      case "failed":\n        this.#client.answer(id, { type: "published", id, position: undefined, duplicate: false, following: 0 });\n        return;\n      case "never" as never:\n',
  },
  {
    kind: "product",
    id: "acknowledged-before-append",
    sentence: "a publish is acknowledged before the log has it",
    file: publisher,
    find: "    const anonymous = frame.producer.byteLength === 0;\n",
    replace:
      '    const anonymous = frame.producer.byteLength === 0;\n    this.#client.answer(frame.id, { type: "published", id: frame.id, position: undefined, duplicate: false, following: 0 });\n',
  },
  {
    kind: "product",
    id: "producer-not-passed-on",
    sentence: "a publish is appended without its producer, so that nothing knows it again",
    file: publisher,
    find: 'producer: anonymous ? "" :',
    replace: 'producer: anonymous || frame.sequence > 0 ? "" :',
  },
  {
    kind: "product",
    id: "previous-not-passed-on",
    sentence: "a publish is appended whatever came before it",
    file: publisher,
    find: "previous: frame.previous,",
    replace: "previous: Math.max(0, frame.sequence - 1),",
  },
  {
    kind: "product",
    id: "gathered-appends-answered-crosswise",
    sentence: "publishes that were appended together get each other's answers",
    file: appender,
    find: "listeners[index]!(outcomes[index]!,",
    replace: "listeners[index]!(outcomes[outcomes.length - 1 - index]!,",
  },
];
