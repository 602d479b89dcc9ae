/**
 * Leaves out of `items` as many as it can so that it still `fails`: delta debugging (Zeller and Hildebrandt, "Simplifying
 * and Isolating Failure-Inducing Input", 2002), by complements. Gives what it has when `mayTry` says that it is enough.
 */
export async function minimize<Item>(
  items: readonly Item[],
  fails: (kept: readonly Item[]) => Promise<boolean>,
  mayTry: () => boolean,
): Promise<readonly Item[]> {
  let kept = items;
  let parts = 2;
  while (kept.length > 0 && mayTry()) {
    const size = Math.ceil(kept.length / parts);
    let shrunk: readonly Item[] | undefined;
    for (let at = 0; at < kept.length && shrunk === undefined && mayTry(); at += size) {
      const rest = [...kept.slice(0, at), ...kept.slice(at + size)];
      if (await fails(rest)) shrunk = rest;
    }
    if (shrunk !== undefined) {
      kept = shrunk;
      parts = Math.max(2, parts - 1);
    } else if (size === 1) return kept;
    else parts = Math.min(kept.length, parts * 2);
  }
  return kept;
}
