import type { Clock } from "@hawser/protocol";
import { addressGroup } from "../http/address.ts";
import { Rates } from "./rates.ts";
import type { RateLimits } from "./rates.ts";

export interface SessionRateLimits extends RateLimits {
  readonly maxRatedSessions: number;
  readonly maxRatedSessionsPerAddress: number;
}

/** Whose request it is. */
export interface Requester {
  readonly user: string;
  /** As the client named it; empty when it named none. */
  readonly session: string;
  readonly address: string;
}

interface Entry {
  readonly rates: Rates;
  /** The group of addresses that it counts for, of a session; `undefined` for those of a whole group. */
  readonly group: string | undefined;
}

/**
 * The rates of clients each of whose requests is a connection of its own (HTTP-15). A session has its own as long as it
 * does something; sessions beyond the limits, and requests of none, share those of their address, so that names that are made
 * up for each request gain nothing.
 */
export class SessionRates {
  readonly #limits: SessionRateLimits;
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();
  /** Sessions that have rates of their own, by their address. */
  readonly #sessions = new Map<string, number>();
  /** Of addresses for which there was no place. */
  readonly #others: Rates;

  constructor(limits: SessionRateLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
    this.#others = new Rates(limits, clock);
  }

  /** How many are remembered. */
  get size(): number {
    return this.#entries.size;
  }

  /** The rates that a request counts for. */
  of({ user, session, address }: Requester): Rates {
    const group = addressGroup(address);
    // No user's name has a space in it, and no key of an address is without one at its beginning.
    const key = `${user} ${session}`;
    const known = session === "" ? undefined : this.#entries.get(key);
    if (known !== undefined) return known.rates;
    const held = this.#sessions.get(group) ?? 0;
    const own = session !== "" && held < this.#limits.maxRatedSessionsPerAddress;
    if (own && this.#entries.size < this.#limits.maxRatedSessions) {
      this.#sessions.set(group, held + 1);
      return this.#add(key, group);
    }
    return this.#ofAddress(` ${group}`);
  }

  /** Called from time to time: forgets those who did nothing that still counts. */
  sweep(): void {
    for (const [key, { rates, group }] of this.#entries) {
      if (!rates.rested) continue;
      this.#entries.delete(key);
      if (group !== undefined) this.#leave(group);
    }
  }

  #ofAddress(key: string): Rates {
    const known = this.#entries.get(key);
    if (known !== undefined) return known.rates;
    return this.#entries.size < this.#limits.maxRatedSessions ? this.#add(key, undefined) : this.#others;
  }

  #add(key: string, group: string | undefined): Rates {
    const rates = new Rates(this.#limits, this.#clock);
    this.#entries.set(key, { rates, group });
    return rates;
  }

  #leave(group: string): void {
    const held = (this.#sessions.get(group) ?? 0) - 1;
    if (held > 0) this.#sessions.set(group, held);
    else this.#sessions.delete(group);
  }
}
