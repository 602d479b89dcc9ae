import { valueOf } from "@hawser/protocol";
import type { AbsentFrame, CensusFrame, Payload, PresentFrame } from "@hawser/protocol";

/** A member of a channel: one client, however many connections it has. */
export interface PresenceMember<State = unknown> {
  /** By what it is known in the channel. */
  readonly id: string;
  readonly user: string;
  /** Tells the clients of a user apart. */
  readonly member: string;
  /** What the member shows; `null` when it shows nothing. */
  readonly state: State;
  /** It is this client itself. */
  readonly self: boolean;
}

/** What happened to the members, as watchers are told. */
export type MemberChange<State> =
  | { readonly kind: "join" | "leave"; readonly member: PresenceMember<State> }
  | { readonly kind: "update"; readonly member: PresenceMember<State>; readonly former: PresenceMember<State> };

interface Known<State> {
  readonly member: PresenceMember<State>;
  readonly payload: Payload;
}

/**
 * Who is there, from what servers say: each tells all members from the beginning, and what differs from what the one
 * before said are changes like any others.
 */
export class MemberMap<State> {
  /** By `id`. */
  readonly members = new Map<string, PresenceMember<State>>();
  readonly #known = new Map<string, Known<State>>();
  readonly #isSelf: (user: string, member: string) => boolean;
  /** Who was named since the beginning, until all are. */
  #named: Set<string> | undefined = new Set();

  constructor(isSelf: (user: string, member: string) => boolean) {
    this.#isSelf = isSelf;
  }

  /** All members are told anew from here on. */
  begin(): void {
    this.#named = new Set();
  }

  present({ user, member, payload }: PresentFrame): MemberChange<State> | undefined {
    const id = idOf(user, member);
    this.#named?.add(id);
    const known = this.#known.get(id);
    if (known !== undefined && sameBytes(known.payload.data, payload.data)) return undefined;
    const state = valueOf(payload) as State;
    const now = { id, user, member, state, self: this.#isSelf(user, member) };
    this.#known.set(id, { member: now, payload });
    this.members.set(id, now);
    return known === undefined ? { kind: "join", member: now } : { kind: "update", member: now, former: known.member };
  }

  absent({ user, member }: AbsentFrame): MemberChange<State> | undefined {
    const id = idOf(user, member);
    this.#named?.delete(id);
    return this.#remove(id);
  }

  /** All were told: those who were not named are there no more. */
  complete(): MemberChange<State>[] {
    const named = this.#named;
    this.#named = undefined;
    if (named === undefined) return [];
    return [...this.members.keys()].filter((id) => !named.has(id)).map((id) => this.#remove(id)!);
  }

  #remove(id: string): MemberChange<State> | undefined {
    const known = this.#known.get(id);
    this.#known.delete(id);
    this.members.delete(id);
    return known && { kind: "leave", member: known.member };
  }
}

/** The frames of a watch. */
export type MemberFrame = PresentFrame | AbsentFrame | CensusFrame;

/** A user's name has no white space. */
function idOf(user: string, member: string): string {
  return `${user} ${member}`;
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}
