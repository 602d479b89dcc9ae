import type { Clock, Timers } from "@hawser/protocol";
import { Drain } from "../drain/drain.ts";
import type { Movable, MoveEvent } from "../drain/drain.ts";

/** How connections are moved that other nodes should have. */
export interface MovePlan<Connection extends Movable> {
  /** In the order in which they are told. */
  readonly connections: readonly Connection[];
  /** Where the one that is told after so many others goes: the first address that works. */
  readonly endpointsOf: (told: number) => readonly string[];
  readonly maxMovesPerSecond: number;
  /** All have gone. */
  readonly onDone?: () => void;
}

export interface MovesParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly onMove: (event: MoveEvent) => void;
}

/** How long a connection may stay that was told to move, for the calls that it waits for. */
const deadlineMs = 10_000;

/** The connections of a node that were told to be elsewhere while the node itself stays. */
export class Moves<Connection extends Movable> {
  readonly #parts: MovesParts;
  readonly #under = new Set<Drain<Connection>>();
  readonly #chosen = new Set<Connection>();

  constructor(parts: MovesParts) {
    this.#parts = parts;
  }

  /** Whether a connection is to go already. */
  has(connection: Connection): boolean {
    return this.#chosen.has(connection);
  }

  begin({ connections, endpointsOf, maxMovesPerSecond, onDone }: MovePlan<Connection>): void {
    for (const connection of connections) this.#chosen.add(connection);
    const drain: Drain<Connection> = new Drain(
      {
        ...this.#parts,
        connections,
        endpointsOf,
        onDone: () => {
          this.#under.delete(drain);
          onDone?.();
        },
      },
      // Paced by the rate alone.
      { overMs: deadlineMs, deadlineMs, maxMovesPerSecond, endpoints: [] },
    );
    this.#under.add(drain);
    drain.start();
  }

  /** A connection has ended. */
  forget(connection: Connection): void {
    if (this.#chosen.delete(connection)) for (const drain of this.#under) drain.forget(connection);
  }

  /** No more are told, and none is closed. */
  stop(): void {
    for (const drain of this.#under) drain.stop();
    this.#under.clear();
    this.#chosen.clear();
  }
}
