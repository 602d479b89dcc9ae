/** What a balancer knows of a target. */
export interface Candidate {
  /** The same for as long as the target is in the pool. */
  readonly name: string;
  /** Above 0: its share beside the others', as it is now (slow start makes it less). */
  readonly weight: number;
  /** Open now, and being opened. */
  readonly connections: number;
  /** What a connection to it costs, in milliseconds; `undefined`: not measured yet. */
  readonly latencyMs: number | undefined;
}

/** Chooses the target of a new connection. It may keep state of its own, by target. */
export interface Balancer {
  /**
   * @param candidates - At least one, all in service, in the order of the pool.
   * @param key - What a hash is of; "" where there is none.
   */
  pick<C extends Candidate>(candidates: readonly C[], key: string): C;
}
