import type { Movable } from "../drain/drain.ts";
import { rotated } from "../drain/endpoints.ts";
import type { Moves } from "./moves.ts";
import { RecentIds } from "./recent-ids.ts";

/** A connection of a session that has another one on the same node. */
export interface Doubled<Connection> {
  readonly connection: Connection;
  readonly session: string;
}

export interface SpreadParts<Connection extends Movable> {
  readonly moves: Moves<Connection>;
  /** The connections of each session behind its first one. */
  readonly doubled: () => Iterable<Doubled<Connection>>;
  /** Beats in a row for which a connection must have been one of them: one that broke is noticed in less. */
  readonly patience: number;
  readonly maxMovesPerSecond: number;
}

/** Sessions that were asked. Past it the first ones may be asked again. */
const maxAsked = 10_000;

/**
 * Brings the connections of a session to different nodes, so that the loss of one node is not that of all. A session is asked once, until
 * another node joins: it may have more connections than there are nodes.
 */
export class Spread<Connection extends Movable> {
  readonly #parts: SpreadParts<Connection>;
  #beats = new Map<Connection, number>();
  #asked = new RecentIds(maxAsked);

  constructor(parts: SpreadParts<Connection>) {
    this.#parts = parts;
  }

  /** There is a node more to go to. */
  onJoined(): void {
    this.#asked = new RecentIds(maxAsked);
  }

  /** Called with each own beat. `endpoints` are those of other nodes that are up. */
  onBeat(endpoints: readonly string[]): void {
    const { moves, doubled, patience, maxMovesPerSecond } = this.#parts;
    const beats = new Map<Connection, number>();
    const connections: Connection[] = [];
    if (endpoints.length > 0) {
      for (const { connection, session } of doubled()) {
        const seen = (this.#beats.get(connection) ?? 0) + 1;
        beats.set(connection, seen);
        if (seen >= patience && !moves.has(connection) && this.#asked.add(session)) connections.push(connection);
      }
    }
    this.#beats = beats;
    if (connections.length === 0) return;
    const endpointsOf = (told: number): readonly string[] => rotated(endpoints, told);
    moves.begin({ connections, endpointsOf, maxMovesPerSecond });
  }
}

/** Of connections of one user those whose session has one ahead of them. */
export function* doubledOf<Connection extends { readonly session: string | undefined; readonly brief: boolean }>(
  connections: readonly Connection[],
): Iterable<Doubled<Connection>> {
  const met = new Set<string>();
  for (const connection of connections) {
    const { session, brief } = connection;
    if (session === undefined || brief) continue;
    if (met.has(session)) yield { connection, session };
    met.add(session);
  }
}
