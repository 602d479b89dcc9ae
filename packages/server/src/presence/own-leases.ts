import type { Timer, Timers } from "@hawser/protocol";
import { memberKey } from "./presence-names.ts";
import type { LeaseRecord } from "./presence-record.ts";

/** The connection that holds a lease, known by itself alone. */
export type Holder = object;

interface Own {
  lease: LeaseRecord;
  state:
    | { readonly kind: "held"; readonly holder: Holder }
    /** Its connection has gone; the member may still come back. */
    | { readonly kind: "grace"; readonly timer: Timer };
}

/** The leases of one channel that this node keeps, each by a connection or, after its end, for the grace time. */
export class OwnLeases {
  readonly #timers: Timers;
  readonly #graceMs: number;
  readonly #onOver: (lease: LeaseRecord) => void;
  readonly #leases = new Map<string, Own>();

  /** @param onOver - The grace time of a lease has passed; the lease is no more. */
  constructor(timers: Timers, graceMs: number, onOver: (lease: LeaseRecord) => void) {
    this.#timers = timers;
    this.#graceMs = graceMs;
    this.#onOver = onOver;
  }

  get size(): number {
    return this.#leases.size;
  }

  *[Symbol.iterator](): IterableIterator<LeaseRecord> {
    for (const { lease } of this.#leases.values()) yield lease;
  }

  /** Takes a lease on, in the place of a former one of the same member. */
  hold(lease: LeaseRecord, holder: Holder): void {
    const key = memberKey(lease.user, lease.member);
    this.#endGrace(this.#leases.get(key));
    this.#leases.set(key, { lease, state: { kind: "held", holder } });
  }

  /** The member left by this holder. @returns its lease, if it was this holder's. */
  drop(user: string, member: string, holder: Holder): LeaseRecord | undefined {
    const key = memberKey(user, member);
    const own = this.#leases.get(key);
    if (own?.state.kind !== "held" || own.state.holder !== holder) return undefined;
    this.#leases.delete(key);
    return own.lease;
  }

  /** The holder has gone: its lease has the grace time left. */
  release(user: string, member: string, holder: Holder): void {
    const key = memberKey(user, member);
    const own = this.#leases.get(key);
    if (own?.state.kind !== "held" || own.state.holder !== holder) return;
    const timer = this.#timers.after(this.#graceMs, () => {
      this.#leases.delete(key);
      this.#onOver(own.lease);
    });
    own.state = { kind: "grace", timer };
  }

  /** The member entered elsewhere with a generation that is above: this lease counts no more. */
  supersede(user: string, member: string, generation: number): void {
    const key = memberKey(user, member);
    const own = this.#leases.get(key);
    if (own === undefined || own.lease.generation >= generation) return;
    this.#endGrace(own);
    this.#leases.delete(key);
  }

  close(): void {
    for (const own of this.#leases.values()) this.#endGrace(own);
    this.#leases.clear();
  }

  #endGrace(own: Own | undefined): void {
    if (own?.state.kind === "grace") own.state.timer.cancel();
  }
}
