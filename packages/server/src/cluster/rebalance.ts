import type { Movable } from "../drain/drain.ts";
import type { RebalanceOptions } from "./cluster-options.ts";
import type { OtherNode } from "./membership.ts";
import type { Moves } from "./moves.ts";
import { dealt, transfersOf } from "./shares.ts";

export interface RebalanceParts<Connection extends Movable> {
  readonly options: Required<RebalanceOptions>;
  readonly moves: Moves<Connection>;
  /** Sessions of this node now. */
  readonly sessions: () => number;
  /** Connections that could go, those that came first ahead. */
  readonly movable: () => Iterable<Connection>;
}

type State =
  /** For so many beats in a row there was something to give. */
  | { readonly kind: "watching"; readonly beats: number }
  | { readonly kind: "moving"; readonly sessions: number; readonly moves: number }
  /** What others say must have caught up before shares are looked at again. */
  | { readonly kind: "resting"; readonly beats: number; readonly sessions: number; readonly moves: number };

/** Beats in a row after which an excess is one: who has just come is not counted by all yet, and may be gone soon. */
const patience = 3;
/** Beats after moves, at least; twice as many each time that moves did nothing. */
const leastRest = 3;
const mostRest = 96;

/**
 * Gives other nodes their fair share: a node that has more for some beats tells the excess to move, paced. It looks again only when
 * all have gone and been counted elsewhere; and ever later, when clients come back as fast as they are sent.
 */
export class Rebalance<Connection extends Movable> {
  readonly #parts: RebalanceParts<Connection>;
  #state: State = { kind: "watching", beats: 0 };
  #rest = leastRest;

  constructor(parts: RebalanceParts<Connection>) {
    this.#parts = parts;
  }

  /** Called with each own beat, whereupon others have been heard of: those that clients can be sent to. */
  onBeat(targets: readonly OtherNode[]): void {
    const state = this.#state;
    if (state.kind === "moving") return;
    if (state.kind === "resting") {
      this.#state = state.beats > 1 ? { ...state, beats: state.beats - 1 } : this.#judge(state);
      return;
    }
    const transfers = transfersOf(this.#parts.sessions(), targets, this.#parts.options.tolerancePercent);
    if (transfers.length === 0) this.#state = { kind: "watching", beats: 0 };
    else if (state.beats + 1 < patience) this.#state = { kind: "watching", beats: state.beats + 1 };
    else this.#move(dealt(transfers), targets);
  }

  #move(places: readonly string[], targets: readonly OtherNode[]): void {
    const { moves, movable, sessions, options } = this.#parts;
    const endpoints = new Map(targets.map((node) => [node.instance, node.endpoints]));
    const connections: Connection[] = [];
    for (const connection of movable()) {
      if (connections.length === places.length) break;
      if (!moves.has(connection)) connections.push(connection);
    }
    if (connections.length === 0) return;
    const before = { sessions: sessions(), moves: connections.length };
    this.#state = { kind: "moving", ...before };
    moves.begin({
      connections,
      endpointsOf: (told) => endpoints.get(places[told] ?? "") ?? [],
      maxMovesPerSecond: options.maxMovesPerSecond,
      onDone: () => (this.#state = { kind: "resting", beats: this.#rest, ...before }),
    });
  }

  /** Whether the moves had an effect says how long the next rest is. */
  #judge({ sessions, moves }: { readonly sessions: number; readonly moves: number }): State {
    const stayedAway = sessions - this.#parts.sessions();
    this.#rest = stayedAway >= moves / 2 ? leastRest : Math.min(mostRest, this.#rest * 2);
    return { kind: "watching", beats: 0 };
  }
}
