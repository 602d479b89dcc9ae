import type { ProductMutant } from "../mutant.ts";

const rights = "packages/server/src/connection/rights.ts";
const table = "packages/server/src/delivery/subscription-table.ts";
const history = "packages/server/src/history/history-reader.ts";
const connection = "packages/server/src/connection/connection.ts";

/** Faults in what a node lets whom do, and in what it holds for whom. */
export const servingMutants: readonly ProductMutant[] = [
  {
    kind: "product",
    id: "inbox-leaks",
    sentence: "the history of any inbox can be asked for by its name",
    file: history,
    find: 'const name = frame.channel === "$inbox" ? inboxOf(rights.identity.user) : frame.channel;',
    replace:
      'const name = frame.channel === "$inbox" ? inboxOf(rights.identity.user) : frame.channel;\n    if (frame.channel !== "$inbox") return name;',
  },
  {
    kind: "product",
    id: "one-inbox-for-all",
    sentence: "users whose names are equally long share an inbox",
    file: rights,
    find: "return `$user.${user}`;",
    replace: 'return `$user.${user === "ben" ? "ann" : user}`;',
  },
  {
    kind: "product",
    id: "revoked-right-keeps-cursor",
    sentence: "a right that was revoked ends no subscription",
    file: table,
    find: 'if (!maySubscribe) this.#forbid(subscription, "subscribe");',
    replace: "if (!maySubscribe) return;",
  },
  {
    kind: "product",
    id: "revoked-right-remembered",
    sentence: "what the application said of a right is remembered after it was revoked",
    file: rights,
    find: "this.#renewals += 1;\n    this.#answers = undefined;",
    replace: "this.#renewals += 1;",
  },
  {
    kind: "product",
    id: "refused-right-remembered",
    sentence: "that the application forbade something is remembered after it gave the right",
    file: rights,
    find: "if (answer === false) return false;",
    replace:
      "if (answer === false) {\n      (this.#answers ??= new Map()).set(key, answer);\n      return false;\n    }",
  },
  {
    kind: "product",
    id: "confirmations-miscounted",
    sentence: "everything counts as confirmed with the first answer, so that memory is not bounded",
    file: "packages/server/src/connection/send-window.ts",
    find: "if (this.unconfirmedBytes < this.limitBytes) return true;",
    replace: "if (this.unconfirmedBytes < this.limitBytes || this.#sent > 0) return true;",
  },
  {
    kind: "product",
    id: "confirmation-lost",
    sentence: "a confirmation that opens the window wakes nobody",
    file: connection,
    find: "else if (!this.#writer.empty) this.#schedule();",
    replace: "else if (!this.#writer.empty) return;",
  },
  {
    kind: "product",
    id: "expired-token-serves-on",
    sentence: "a connection goes on when its token has expired",
    file: connection,
    find: "if (this.#services.clock.now() < state.expiresAt) return false;",
    replace: "if (this.#services.clock.now() < state.expiresAt + 1e9) return false;",
  },
  {
    kind: "product",
    id: "closed-connection-keeps-its-cursors",
    sentence: "a connection that closed keeps its subscriptions",
    file: connection,
    find: 'if (state.kind === "connected") state.client.close();',
    replace: "",
  },
  {
    kind: "product",
    id: "call-runs-again",
    sentence: "a call that may run once is sent again when its connection is lost",
    file: "packages/client/src/call/call.ts",
    find: "repeatable: idempotent,",
    replace: "repeatable: true,",
  },
];
