import type { ProductMutant } from "../mutant.ts";

const session = "packages/client/src/session/session.ts";

/** Faults in how a session keeps and leaves its connections. */
export const connectingMutants: readonly ProductMutant[] = [
  {
    kind: "product",
    id: "moved-from-keeps-its-grants",
    sentence: "a connection that was left goes on as the one in use",
    file: session,
    find: "for (const part of parts) part.onUnlink(link);\n    this.#leaving.add(link);",
    replace: "this.#leaving.add(link);",
  },
  {
    kind: "product",
    id: "lost-without-a-word",
    sentence: "the parts of a session do not learn that its connection was lost",
    file: session,
    find: 'if (former.move?.kind === "delayed") former.move.timer.cancel();\n    for (const part of this.#options.parts) part.onUnlink(former.link);',
    replace: 'if (former.move?.kind === "delayed") former.move.timer.cancel();',
  },
  {
    kind: "product",
    id: "one-endpoint-for-ever",
    sentence: "a client never tries another endpoint",
    file: session,
    find: "    endpoints.advance();\n",
    replace: "    void endpoints;\n",
  },
  {
    kind: "product",
    id: "left-connection-not-closed",
    sentence: "a connection that was left is never closed",
    file: session,
    find: "    this.#leaving.delete(link);\n    link.connection.close();",
    replace: "    this.#leaving.delete(link);",
  },
];
