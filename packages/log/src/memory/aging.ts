import type { Timer, Timers } from "@hawser/protocol";

/** Something that time alone changes. */
export interface Ageing {
  /** Whether it has something that will be due. */
  readonly ages: boolean;
}

/** Options of {@link Aging}. */
export interface AgingOptions {
  readonly timers: Timers;
  /** Pause between two rounds, in milliseconds. */
  readonly intervalMs: number;
  /** Members that one step visits at most; the next step follows in the next turn of the event loop. */
  readonly maxVisits: number;
}

/**
 * Goes through all that ages, round by round, a bounded number per turn of the event loop. One timer for all, and none
 * while nothing ages.
 */
export class Aging<Member extends Ageing> {
  readonly #options: AgingOptions;
  readonly #visit: (member: Member) => boolean;
  readonly #members = new Set<Member>();
  /** Where the round stands: a set's iterator goes on rightly while members come and go. */
  #round: Iterator<Member> | undefined;
  #timer: Timer | undefined;

  /** @param visit does a bounded part of what is due, and returns whether more may wait. */
  constructor(options: AgingOptions, visit: (member: Member) => boolean) {
    this.#options = options;
    this.#visit = visit;
  }

  add(member: Member): void {
    if (!member.ages) return;
    this.#members.add(member);
    this.#timer ??= this.#options.timers.after(this.#options.intervalMs, () => this.#step());
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#members.clear();
    this.#round = undefined;
  }

  #step(): void {
    this.#timer = undefined;
    this.#round ??= this.#members.values();
    let inRound = true;
    for (let visits = 0; visits < this.#options.maxVisits && inRound; visits += 1) {
      const next = this.#round.next();
      if (next.done === true) inRound = false;
      else if (this.#visit(next.value)) this.#again(next.value);
      else if (!next.value.ages) this.#members.delete(next.value);
    }
    if (!inRound) this.#round = undefined;
    if (this.#members.size === 0) return;
    this.#timer = this.#options.timers.after(inRound ? 0 : this.#options.intervalMs, () => this.#step());
  }

  /** Puts a member at the end of the round, for the rest of what is due. */
  #again(member: Member): void {
    this.#members.delete(member);
    this.#members.add(member);
  }
}
