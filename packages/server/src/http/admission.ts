import { addressGroup } from "./address.ts";

export interface AdmissionLimits {
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
}

export type Admission =
  /** `leave` gives the place back; call it once, when the connection has ended. */
  | { readonly kind: "admitted"; readonly leave: () => void }
  | { readonly kind: "node-full" }
  | { readonly kind: "address-full" };

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
    let left = false;
    return {
      kind: "admitted",
      leave: () => {
        if (left) return;
        left = true;
        this.#leave(group);
      },
    };
  }

  #leave(group: string): void {
    this.#total -= 1;
    const held = (this.#byAddress.get(group) ?? 0) - 1;
    if (held > 0) this.#byAddress.set(group, held);
    else this.#byAddress.delete(group);
  }
}
