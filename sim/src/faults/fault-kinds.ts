/** What is done to any world. */
export const faultKinds = [
  "cut, client hears first",
  "cut, node hears first",
  "cut after some messages up",
  "cut after some messages down",
  "half-open",
  "stall up",
  "stall down",
  "slow link",
  "connects refused",
  "node crash",
  "node restart",
  "node drain",
  "log unavailable",
  "trim",
  "log went back",
  "client sleeps",
  "client clock steps",
  "node clock steps",
  "client reload",
  "client crash",
  "duplicated tab",
  "right revoked",
  "reconnect",
  "one connection left",
  "left with frames under way",
  "batches lost",
  "batch comes again",
  "offline",
] as const;

/** What is done beside to a world with virtual sockets. */
export const socketFaultKinds = ["relay cut", "relay stalls", "right to open revoked"] as const;

export type SocketFaultKind = (typeof socketFaultKinds)[number];
export type FaultKind = (typeof faultKinds)[number] | SocketFaultKind;

/** Kinds that come about by themselves, at a rate of the world's options. */
export type IncidentalFault = "ambiguous append" | "late append" | "token expired" | "slow connection" | "slow reader";

/** How often each was done. */
export class FaultCounts {
  readonly #counts = new Map<FaultKind | IncidentalFault, number>();

  get entries(): readonly (readonly [FaultKind | IncidentalFault, number])[] {
    return [...this.#counts];
  }

  add(kind: FaultKind | IncidentalFault): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
  }
}
