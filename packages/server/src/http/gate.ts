import type { Limits } from "../policy/limits.ts";
import { addressOf } from "./address.ts";
import { AdmissionCounter } from "./admission.ts";
import type { Place } from "./admission.ts";
import type { HandshakeRules, Refusal } from "./handshake.ts";
import { originCheck } from "./origin.ts";
import type { OriginPolicy } from "./origin.ts";

export interface GateOptions {
  readonly origins: OriginPolicy;
  readonly trustProxy: readonly string[];
  readonly limits: Limits;
}

export type Entry = Place | Refusal;

/** Who may come in, by which door ever: one judgement and one count for all of a node's transports. */
export class Gate {
  readonly rules: HandshakeRules;
  /** The count, for doors that judge by other rules. */
  readonly admission: AdmissionCounter;
  #letsIn: "all" | "brief" | "nobody" = "all";

  /** @throws HawserError `option-invalid` for origins and proxies that are none. */
  constructor({ origins, trustProxy, limits }: GateOptions) {
    this.rules = {
      originAllowed: originCheck(origins),
      addressOf: addressOf(trustProxy),
      trustsProxies: trustProxy.length > 0,
      maxHandshakeBytes: limits.maxHandshakeBytes,
      maxHandshakeHeaders: limits.maxHandshakeHeaders,
    };
    this.admission = new AdmissionCounter(limits);
  }

  /** Connections now. */
  get connections(): number {
    return this.admission.total;
  }

  /** From now on none is let in that would stay: brief requests are, of clients that have not left yet. */
  drain(): void {
    if (this.#letsIn === "all") this.#letsIn = "brief";
  }

  /** From now on nobody is let in; connections stay. */
  shut(): void {
    this.#letsIn = "nobody";
  }

  /** Why this one is not let in, if that is so. */
  refusalOf(coming: "lasting" | "brief"): Refusal | undefined {
    const welcome = this.#letsIn === "all" || (this.#letsIn === "brief" && coming === "brief");
    return welcome ? undefined : shutRefusal;
  }

  /** Takes a place, if there is one; `leave` gives it back. */
  admit(address: string): Entry {
    const admission = this.admission.admit(address);
    if (admission.kind === "node-full") return nodeFull;
    return admission.kind === "address-full" ? addressFull : admission;
  }
}

const shutRefusal: Refusal = {
  kind: "refused",
  reason: "not-ready",
  status: 503,
  text: "This node is going away: connect to another, or again later.",
  headers: { "retry-after": "5" },
};

const nodeFull: Refusal = {
  kind: "refused",
  reason: "connections",
  status: 503,
  text: "This node holds as many connections as it may: connect to another, or again later.",
  headers: { "retry-after": "30" },
};

const addressFull: Refusal = {
  kind: "refused",
  reason: "connections-per-address",
  status: 429,
  text: "This address holds as many connections as it may: close some.",
  headers: { "retry-after": "30" },
};
