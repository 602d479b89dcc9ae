import { ChangeOrder } from "./change-order.ts";
import { MemberCount } from "./member-count.ts";
import { memberKey } from "./presence-names.ts";
import type { ControlRecord, DepartureRecord, LeaseRecord } from "./presence-record.ts";

/** A member as watchers see it. */
export interface Member {
  readonly user: string;
  readonly member: string;
  /** JSON text. */
  readonly state: string;
}

/** What changed of one member: it is there with this state, or it has gone. */
export interface Change extends Member {
  readonly version: number;
  readonly present: boolean;
}

/** What was said last of a member. */
export interface LastWord {
  readonly generation: number;
  /** It went by its own wish, so that of its generation nothing is to come; and not since a node ended. */
  readonly left: boolean;
}

interface Known extends LastWord {
  readonly user: string;
  readonly member: string;
  generation: number;
  left: boolean;
  /** Whose word it is that the member is there; `undefined`: it has gone. */
  instance: string | undefined;
  state: string;
  round: number;
}

export interface PresenceBookOptions {
  /** Whether a node has ended, as the roster knows it. */
  readonly hasEnded: (instance: string) => boolean;
  /** Departures that are remembered at least. Default 1,024. */
  readonly maxDepartures?: number;
}

/**
 * Who is in one channel: what the records of its control channel say, folded in the log's order. Of each member the
 * lease with the highest generation counts, whichever node wrote it; so neither a move nor what an older connection
 * leaves behind is seen. The same records, and the same nodes that have ended, give the same members on every node.
 */
export class PresenceBook {
  readonly #options: PresenceBookOptions;
  readonly #known = new Map<string, Known>();
  readonly #changes = new ChangeOrder();
  readonly #count = new MemberCount();
  #departures = 0;
  #forgotten = 0;
  #round = 0;

  constructor(options: PresenceBookOptions) {
    this.#options = options;
  }

  /** Members now. */
  get count(): number {
    return this.#count.total;
  }

  /** Of them those of one user. */
  countOf(user: string): number {
    return this.#count.of(user);
  }

  /** Rises with every change that a watcher would see. */
  get version(): number {
    return this.#changes.version;
  }

  /** Of departures up to this version some are forgotten: a reader behind it cannot be told of them. */
  get forgotten(): number {
    return this.#forgotten;
  }

  *members(): IterableIterator<Member> {
    for (const known of this.#known.values()) if (known.instance !== undefined) yield known;
  }

  /** Whether that member is there. */
  has(user: string, member: string): boolean {
    return this.#known.get(memberKey(user, member))?.instance !== undefined;
  }

  /** The JSON text that a member shows; `undefined`: it is not there. */
  stateOf(user: string, member: string): string | undefined {
    const known = this.#known.get(memberKey(user, member));
    return known?.instance === undefined ? undefined : known.state;
  }

  /** Whether a lease of that generation would count. */
  admits(user: string, member: string, generation: number): boolean {
    return isAdmitted(this.#known.get(memberKey(user, member)), generation);
  }

  /** What changed behind a version, each member once, in the order of the changes. */
  *after(version: number): IterableIterator<Change> {
    for (const place of this.#changes.after(version)) {
      const { user, member, state, instance } = this.#known.get(place.key)!;
      yield { version: place.version, user, member, state, present: instance !== undefined };
    }
  }

  fold(record: ControlRecord): void {
    for (const lease of record.entered) this.#enter(lease, record.instance);
    for (const departure of record.left) this.#leave(departure);
  }

  /** A node has ended, and with it the leases that it wrote. */
  end(instance: string): void {
    for (const [key, known] of this.#known) if (known.instance === instance) this.#depart(key, known);
  }

  /** The log starts over: what is not said again until `closeRound` holds no more. */
  beginRound(): void {
    this.#round += 1;
  }

  closeRound(): void {
    for (const [key, known] of this.#known) {
      if (known.instance !== undefined && known.round < this.#round) this.#depart(key, known);
    }
  }

  #enter({ user, member, generation, state }: LeaseRecord, instance: string): void {
    if (!this.admits(user, member, generation)) return;
    const key = memberKey(user, member);
    // An end that is known here before what was said ahead of it must come to the same.
    const ended = this.#options.hasEnded(instance);
    const known = this.#known.get(key);
    if (known === undefined) {
      const made = { user, member, generation, instance, left: false, state, round: this.#round };
      if (ended) this.#remember(key, { ...made, instance: undefined });
      else this.#arrive(key, made);
      return;
    }
    known.generation = generation;
    known.left = false;
    known.round = this.#round;
    if (ended) {
      if (known.instance !== undefined) this.#depart(key, known);
    } else if (known.instance === undefined) {
      this.#departures -= 1;
      this.#arrive(key, { ...known, instance, state });
    } else {
      known.instance = instance;
      if (known.state === state) return;
      known.state = state;
      this.#changes.touch(key);
    }
  }

  #leave({ user, member, generation }: DepartureRecord): void {
    const key = memberKey(user, member);
    const known = this.#known.get(key);
    if (known === undefined) {
      // It entered before the log's floor; what may still come of that generation is late here too.
      const gone = { user, member, generation, instance: undefined, left: true, state: "null", round: this.#round };
      return this.#remember(key, gone);
    }
    if (known.generation > generation) return;
    known.generation = generation;
    known.left = true;
    if (known.instance !== undefined) this.#depart(key, known);
  }

  #arrive(key: string, known: Known): void {
    this.#known.set(key, known);
    this.#count.add(known.user);
    this.#changes.touch(key);
  }

  #depart(key: string, known: Known): void {
    this.#count.delete(known.user);
    this.#remember(key, { ...known, instance: undefined, state: "null" });
    this.#changes.touch(key);
  }

  /** Departures stand at the end of the map in their order: the oldest is the first one that is found. */
  #remember(key: string, departed: Known): void {
    this.#known.delete(key);
    this.#known.set(key, departed);
    this.#departures += 1;
    const max = Math.max(this.#options.maxDepartures ?? 1_024, this.count);
    if (this.#departures > 2 * max) this.#forget(this.#departures - max);
  }

  #forget(count: number): void {
    for (const [key, known] of this.#known) {
      if (count === 0) break;
      if (known.instance !== undefined) continue;
      this.#forgotten = Math.max(this.#forgotten, this.#changes.versionOf(key) ?? 0);
      this.#known.delete(key);
      this.#changes.forget(key);
      this.#departures -= 1;
      count -= 1;
    }
  }
}

/** A lease counts when its generation is not below that of the last word, and above it if the member left (PRES-2). */
export function isAdmitted(last: LastWord | undefined, generation: number): boolean {
  if (last === undefined) return true;
  return last.left ? generation > last.generation : generation >= last.generation;
}
