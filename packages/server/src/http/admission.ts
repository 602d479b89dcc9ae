import { addressGroup } from "./address.ts";

export interface AdmissionLimits {
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
}

/** The place of one connection. */
export class Place {
  #group: string | undefined;
  readonly #onLeft: (group: string) => void;

  constructor(group: string, onLeft: (group: string) => void) {
    this.#group = group;
    this.#onLeft = onLeft;
  }

  get kind(): "admitted" {
    return "admitted";
  }

  /** Gives it back, once: call it when the connection has ended. */
  leave(): void {
    if (this.#group === undefined) return;
    this.#onLeft(this.#group);
    this.#group = undefined;
  }
}

export type Admission = Place | { readonly kind: "node-full" } | { readonly kind: "address-full" };

/** Counts the connections of the node and of each address. Holds something only for addresses that are connected. */
export class AdmissionCounter {
  readonly #limits: AdmissionLimits;
  readonly #byAddress = new Map<string, number>();
  #total = 0;

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
  }

  /** Connections now. */
  get total(): number {
    return this.#total;
  }

  /** Takes a place, if there is one. */
  admit(address: string): Admission {
    const group = addressGroup(address);
    const held = this.#byAddress.get(group) ?? 0;
    if (this.#total >= this.#limits.maxConnections) return { kind: "node-full" };
    if (held >= this.#limits.maxConnectionsPerAddress) return { kind: "address-full" };
    this.#total += 1;
    this.#byAddress.set(group, held + 1);
    return new Place(group, this.#leave);
  }

  readonly #leave = (group: string): void => {
    this.#total -= 1;
    const held = (this.#byAddress.get(group) ?? 0) - 1;
    if (held > 0) this.#byAddress.set(group, held);
    else this.#byAddress.delete(group);
  };
}
