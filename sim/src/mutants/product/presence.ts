import type { ProductMutant } from "../mutant.ts";

const map = "packages/client/src/presence/member-map.ts";

/** Faults in who is seen to be there. */
export const presenceMutants: readonly ProductMutant[] = [
  {
    kind: "product",
    id: "unnamed-member-stays",
    sentence: "who went while a watcher was away is still seen",
    file: map,
    find: "filter((id) => !named.has(id))",
    replace: "filter((id) => !named.has(id) && named.size > 1_000)",
  },
  {
    kind: "product",
    id: "absence-not-heard",
    sentence: "a member that leaves is still seen",
    file: map,
    find: "    this.#named?.delete(id);\n    return this.#remove(id);",
    replace: "    return undefined;",
  },
];
