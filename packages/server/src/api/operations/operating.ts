import { disconnectUser } from "../../cluster/disconnect-user.ts";
import type { HawserNode } from "../../node.ts";
import { fieldsOf, textOf } from "../fields.ts";
import type { Operation } from "../operation.ts";

/** The operations that are for sessions and nodes, in the whole cluster. */
export function operating(node: Pick<HawserNode, "disconnectUser" | "cluster">): readonly Operation[] {
  const { cluster } = node;
  return [
    {
      name: "disconnectUser",
      method: "POST",
      path: "users/{user}/disconnect",
      scope: "disconnect",
      query: [],
      run: async ({ path: { user = "" }, body }) => {
        const reason = textOf(fieldsOf(body ?? {}, ["reason"], "The body"), "reason", "The body");
        await disconnectUser(node, user, reason);
        return { status: 200, body: { nodes: cluster.counts.nodes } };
      },
    },
    {
      name: "counts",
      method: "GET",
      path: "counts",
      scope: "observe",
      query: [],
      run: async () => ({ status: 200, body: cluster.counts }),
    },
    {
      name: "nodes",
      method: "GET",
      path: "nodes",
      scope: "observe",
      query: [],
      run: async () => ({ status: 200, body: { nodes: cluster.nodes() } }),
    },
  ];
}
