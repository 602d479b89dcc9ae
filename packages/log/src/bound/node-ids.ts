import type { Random } from "@hawser/protocol";

/** Makes identities that are unique among all nodes, and hold no ".". */
export function nodeIds(random: Random): () => string {
  const node = Array.from(random.bytes(8), (byte) => byte.toString(16).padStart(2, "0")).join("");
  let ids = 0;
  return () => `${node}-${(ids += 1)}`;
}
