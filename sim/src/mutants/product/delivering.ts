import type { ProductMutant } from "../mutant.ts";

const subscription = "packages/server/src/delivery/subscription.ts";
const table = "packages/server/src/delivery/subscription-table.ts";
const feed = "packages/server/src/delivery/channel-feed.ts";
const tail = "packages/server/src/delivery/tail.ts";
const start = "packages/server/src/delivery/start.ts";

/** Faults in how a node delivers: cursors, tails, floors, epochs, grants and credit. */
export const deliveringMutants: readonly ProductMutant[] = [
  {
    kind: "product",
    id: "cursor-not-freed",
    sentence: "a subscription that ended stays in its channel's list",
    file: subscription,
    find: "this.feed.subscriptions.delete(this);",
    replace: "",
  },
  {
    kind: "product",
    id: "trim-not-noticed",
    sentence: "a cursor below the floor goes on as if nothing was gone",
    file: subscription,
    find: "if (this.#cursor >= floor) return;",
    replace: "if (this.#cursor >= floor || floor > 0) return;",
  },
  {
    kind: "product",
    id: "node-ignores-credit",
    sentence: "a node sends past the credit",
    file: subscription,
    find: "if (this.#credit === 0) return run;",
    replace: "return run;",
  },
  {
    kind: "product",
    id: "page-of-a-former-epoch",
    sentence: "a page that was read in a former epoch is taken as one of this",
    file: feed,
    find: "if (this.#closed || page.epoch !== this.epoch) return",
    replace: "if (this.#closed) return",
  },
  {
    kind: "product",
    id: "epoch-change-not-carried-over",
    sentence: "cursors stay where they are when the log has a new epoch",
    file: feed,
    find: "for (const subscription of this.subscriptions) subscription.restart(head);",
    replace: "",
  },
  {
    kind: "product",
    id: "tail-leaves-one-out",
    sentence: "a run from the tail begins one message too late",
    file: tail,
    find: "if (this.#entries[middle]!.offset <= cursor) low = middle + 1;",
    replace: "if (this.#entries[middle]!.offset <= cursor + 1) low = middle + 1;",
  },
  {
    kind: "product",
    id: "tail-shrinks-without-a-word",
    sentence: "what leaves the tail is taken as still in it",
    file: tail,
    find: "this.#from = this.#entries[this.#first]!.offset;\n",
    replace: "",
  },
  {
    kind: "product",
    id: "what-came-early-is-dropped",
    sentence: "what the log told while the channel opened is dropped",
    file: feed,
    find: "for (const tell of early) tell();",
    replace: "void early;",
  },
  {
    kind: "product",
    id: "truncation-not-told",
    sentence: "a client whose epoch was cut off goes on as if it was not",
    file: start,
    find: 'return offset > next.start ? clampToFloor(head, next.start, "truncated") : clampToFloor(head, offset, "");',
    replace: 'return clampToFloor(head, Math.min(offset, head.end), "");',
  },
  {
    kind: "product",
    id: "last-counts-one-less",
    sentence: "who asks for the newest messages gets one less",
    file: tail,
    find: "return this.#entries[this.#entries.length - count - 1]!.offset;",
    replace: "return this.#entries[this.#entries.length - count]!.offset;",
  },
  {
    kind: "product",
    id: "failed-page-not-read-again",
    sentence: "a page that could not be read is never read again",
    file: "packages/server/src/connection/connection.ts",
    find: "this.#services.timers.after(1_000, () => subscription.wake());",
    replace: "",
  },
  {
    kind: "product",
    id: "delivered-below-the-grant",
    sentence: "who may not read history is served what came before the grant",
    file: table,
    find: 'if (resumes && !mayReadHistory && granted === undefined) throw forbidden("history", name);',
    replace: "",
  },
  {
    kind: "product",
    id: "compressed-for-a-larger-window",
    sentence: "a block is compressed for a client whose window cannot hold it",
    file: "packages/server/src/delivery/compression.ts",
    find: "return Math.min(messageBytes, deflateWindowBytes) <= windowBytes;",
    replace: "return windowBytes > 0;",
  },
  {
    kind: "product",
    id: "compressed-form-of-another-block",
    sentence: "the compressed form of the newest block is sent in the place of an older one",
    file: "packages/server/src/delivery/block.ts",
    find: "this.#recent.items.find((item) => item.block === block)",
    replace: "this.#recent.items[0]",
  },
];
