import type { Link } from "./link.ts";

/** How much longer than the fastest a connection may take and count as equally fast: a factor, and milliseconds. */
const equalFactor = 1.5;
const equalMs = 20;

/** The connected connections of a session, and which of them a stream goes to. */
export class Links {
  readonly #links = new Set<Link>();

  [Symbol.iterator](): Iterator<Link> {
    return this.#links.values();
  }

  get size(): number {
    return this.#links.size;
  }

  has(link: Link): boolean {
    return this.#links.has(link);
  }

  add(link: Link): void {
    this.#links.add(link);
  }

  delete(link: Link): void {
    this.#links.delete(link);
  }

  /**
   * Where one stream of a lane goes, that is at `present` now; `undefined` when there is no connection.
   *
   * @param node - Whose connections are better for it than those of the lane.
   */
  choose(lane: string, present?: Link, node?: string): Link | undefined {
    return this.pick(1, lane, present === undefined ? [] : [present], node)[0];
  }

  /**
   * Where the copies of a stream go: on different nodes if there are such, else on different endpoints, else on
   * different connections; on good ones if there are such, of the stream's lane if there are such, and then on the
   * fastest with the fewest streams.
   *
   * @param present - Where they are: they stay, if nothing speaks against it.
   * @returns at most `copies` links; fewer when there are fewer.
   */
  pick(copies: number, lane: string, present: readonly Link[], node?: string): Link[] {
    if (this.#links.size <= 1) return [...this.#links];
    const picked: Link[] = [];
    while (picked.length < copies) {
      const next = this.#best(lane, present, picked, copies, node);
      if (next === undefined) break;
      picked.push(next);
    }
    return picked;
  }

  /** Of those that are about as fast as the fastest of them, the one with the fewest streams. */
  fewest(pool: readonly Link[]): Link | undefined {
    const limitMs = Math.min(...pool.map(roundTripOf)) * equalFactor + equalMs;
    let best: Link | undefined;
    for (const link of pool) {
      if (roundTripOf(link) <= limitMs && (best === undefined || link.streams < best.streams)) best = link;
    }
    return best;
  }

  #best(
    lane: string,
    present: readonly Link[],
    picked: readonly Link[],
    copies: number,
    node: string | undefined,
  ): Link | undefined {
    let pool = [...this.#links].filter((link) => !picked.includes(link));
    pool = preferred(pool, ({ health }) => health !== "leaving");
    // A second copy on a slow connection is better than none.
    pool = preferred(pool, ({ health }) => health === "good");
    if (node !== undefined) pool = preferred(pool, ({ welcome }) => welcome.node === node);
    pool = preferred(pool, (link) => link.lane === lane);
    if (copies > 1) {
      pool = preferred(pool, (link) => picked.every((other) => other.welcome.node !== link.welcome.node));
      pool = preferred(pool, (link) => picked.every((other) => other.connection.endpoint !== link.connection.endpoint));
    }
    return this.fewest(preferred(pool, (link) => present.includes(link)));
  }
}

/** Those that fit; all of them when none does. */
function preferred(pool: readonly Link[], fits: (link: Link) => boolean): Link[] {
  const fitting = pool.filter(fits);
  return fitting.length > 0 ? fitting : [...pool];
}

/** One that was not measured yet counts as fast. */
function roundTripOf(link: Link): number {
  return link.connection.roundTripMs ?? 0;
}
