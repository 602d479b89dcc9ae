import type { ProductMutant } from "../mutant.ts";

const path = "packages/client/src/session/path.ts";
const session = "packages/client/src/session/session.ts";
const outbox = "packages/client/src/outbox/outbox.ts";

/** Faults in how a session keeps and leaves its connections, and what goes over which. */
export const connectingMutants: readonly ProductMutant[] = [
  {
    kind: "product",
    id: "lost-without-a-word",
    sentence: "streams do not learn that their connection is gone",
    file: session,
    find: "    this.#tell((part) => part.onUnlink(link));\n",
    replace: "",
  },
  {
    kind: "product",
    id: "gone-connection-still-chosen",
    sentence: "a connection that is gone is still one to choose",
    file: session,
    find: "    this.#options.links.delete(link);\n",
    replace: "",
  },
  {
    kind: "product",
    id: "one-endpoint-for-ever",
    sentence: "a client never tries another endpoint",
    file: path,
    find: "    endpoints.advance();\n",
    replace: "    void endpoints;\n",
  },
  {
    kind: "product",
    id: "left-link-still-publishes",
    sentence: "publishes go on over a connection that was left",
    file: outbox,
    find: "this.#leave(link, () => true);",
    replace: "this.#leave(link, (channel) => channel.open === 0);",
  },
  {
    kind: "product",
    id: "publishes-over-two-at-once",
    sentence: "publishes that move are numbered anew instead of sent again",
    file: outbox,
    find: "if (channel.place?.link !== link || !leaves(channel)) continue;",
    replace: "if (channel.place?.link !== link || !leaves(channel) || this.#links.size > 1) continue;",
  },
];
