import type { RosterRecord } from "./presence-record.ts";

/** Beats of a node in the time of a lease. */
export const beatsPerLease = 4;

/** Nodes that have ended are remembered, since what they wrote may be read behind their end. */
const maxEnded = 10_000;

interface Living {
  /** The number of its last beat. */
  beat: number;
  /** Own beats that the log has taken since. */
  missed: number;
}

export interface RosterHandlers {
  /** A node has ended: its leases hold no more. */
  onEnded(instance: string): void;
  /** A node goes by itself: somebody has to write its end when that time has passed. */
  onClosing(instance: string, graceMs: number): void;
}

/**
 * Which nodes live, as the log's order tells. A node's silence is counted in beats of this node's own that the log took
 * meanwhile, and not by a clock: so a log that stood still, or a process that did, makes nobody look dead.
 */
export class Roster {
  readonly #handlers: RosterHandlers;
  readonly #living = new Map<string, Living>();
  readonly #ended = new Set<string>();

  constructor(handlers: RosterHandlers) {
    this.#handlers = handlers;
  }

  /** Whether that life of a node is over, for good. */
  hasEnded(instance: string): boolean {
    return this.#ended.has(instance);
  }

  /** Whether that life was heard of, and has not ended. */
  isLiving(instance: string): boolean {
    return this.#living.has(instance);
  }

  /** The number of a node's last beat; 0 when none was seen. */
  beatOf(instance: string): number {
    return this.#living.get(instance)?.beat ?? 0;
  }

  /** Nodes that were silent for so long that they have to be ended. */
  silent(): { readonly instance: string; readonly beat: number }[] {
    return (
      [...this.#living]
        // Between the first that was missed and this one lies the whole time of a lease.
        .filter(([, { missed }]) => missed > beatsPerLease)
        .map(([instance, { beat }]) => ({ instance, beat }))
    );
  }

  /** A lease was read of a node that has not been heard of: it is waited for as for any. */
  meet(instance: string): void {
    if (!this.#ended.has(instance) && !this.#living.has(instance)) {
      this.#living.set(instance, { beat: 0, missed: 0 });
    }
  }

  fold(record: RosterRecord): void {
    const { instance } = record;
    if (this.#ended.has(instance)) return;
    switch (record.kind) {
      case "beat":
        // One that was held up may come behind later ones: the highest number is the last.
        this.#living.set(instance, { beat: Math.max(record.beat, this.beatOf(instance)), missed: 0 });
        return;
      case "closing":
        this.meet(instance);
        this.#handlers.onClosing(instance, record.graceMs);
        return;
      case "ended":
        if (this.beatOf(instance) <= record.after) this.#end(instance);
    }
  }

  /** The log took a beat of this node's own, behind which silence counts. */
  count(own: string): void {
    for (const [instance, living] of this.#living) if (instance !== own) living.missed += 1;
  }

  #end(instance: string): void {
    this.#living.delete(instance);
    this.#ended.add(instance);
    if (this.#ended.size > maxEnded) this.#ended.delete(this.#ended.values().next().value!);
    this.#handlers.onEnded(instance);
  }
}
