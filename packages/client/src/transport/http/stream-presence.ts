import type {
  AbsentFrame,
  CensusFrame,
  ClientFrame,
  EnteredFrame,
  EnterFrame,
  ErrorFrame,
  LeaveFrame,
  PresentFrame,
  RevokedFrame,
  ServerFrame,
  UnwatchFrame,
  WatchedFrame,
  WatchFrame,
} from "@hawser/protocol";

/** What one answer has bound of presence: it means nothing on another. */
export interface PresenceBinding {
  /** Asked for and not answered yet, by the request's identifier there. */
  readonly asked: Map<number, Standing>;
  /** Watches, by their numbers there. */
  readonly bound: Map<number, Standing>;
}

/** A membership or a watch of the client's core. */
interface Standing {
  request: EnterFrame | WatchFrame;
  /** The core has its answer. */
  answered: boolean;
  /** Of a membership: that of the newest stream. */
  generation: number;
  /** Of a watch: what the core was told its number is, and whose frames count. */
  readonly number: number;
  carrier: PresenceBinding | undefined;
}

export interface StreamPresenceOptions {
  /** A frame for the core; `bytes` when it is the one that came. */
  readonly pass: (frame: ServerFrame, bytes?: Uint8Array) => void;
  /** Another stream is needed, with what is wanted now. */
  readonly change: () => void;
  /** Frames that need no stream; the first is a request. */
  readonly request: (frames: readonly ClientFrame[], id: number) => void;
}

/**
 * The memberships and watches of a client whose streams cannot be changed (spec section 14). Each stream enters again,
 * with a higher generation, which nobody sees (PRES-2), and watches anew, which is a beginning like that of PRES-12.
 */
export class StreamPresence {
  readonly #options: StreamPresenceOptions;
  readonly #members = new Map<string, Standing>();
  readonly #watches = new Map<string, Standing>();
  #lastNumber = 0;

  constructor(options: StreamPresenceOptions) {
    this.#options = options;
  }

  /** Whether the core waits for an answer. */
  get unanswered(): boolean {
    return [...this.#members.values(), ...this.#watches.values()].some(({ answered }) => !answered);
  }

  get hasWatches(): boolean {
    return this.#watches.size > 0;
  }

  enter(frame: EnterFrame): void {
    const former = this.#members.get(frame.channel)?.generation ?? 0;
    this.#members.set(frame.channel, this.#standing(frame, Math.max(former, frame.generation - 1)));
    this.#options.change();
  }

  /** At once: a lease above all others, given back. Which node has the stream that holds the former one is not known. */
  leave({ channel }: LeaveFrame): void {
    const standing = this.#members.get(channel);
    if (standing?.request.type !== "enter") return;
    this.#members.delete(channel);
    const generation = standing.generation + 1;
    const { id } = standing.request;
    this.#options.request(
      [
        { ...standing.request, generation },
        { type: "leave", channel, generation },
      ],
      id,
    );
    this.#options.change();
  }

  watch(frame: WatchFrame): void {
    this.#watches.set(frame.channel, this.#standing(frame, 0));
    this.#options.change();
  }

  unwatch({ channel }: UnwatchFrame): void {
    if (this.#watches.delete(channel)) this.#options.change();
  }

  /**
   * The frames that ask for everything, for a new stream.
   *
   * @param id - Of the last request before them.
   * @param withWatches - Without them an answer that waits for news does not end with who is there.
   */
  ask(
    id: number,
    withWatches: boolean,
  ): { readonly binding: PresenceBinding; readonly frames: readonly ClientFrame[] } {
    const binding: PresenceBinding = { asked: new Map(), bound: new Map() };
    const frames: ClientFrame[] = [];
    const add = (standing: Standing, frame: EnterFrame | WatchFrame): void => {
      const request = { ...frame, id: id + frames.length + 1 };
      binding.asked.set(request.id, standing);
      frames.push(request);
    };
    for (const standing of this.#members.values()) {
      standing.generation += 1;
      add(standing, { ...(standing.request as EnterFrame), generation: standing.generation });
    }
    if (withWatches) for (const standing of this.#watches.values()) add(standing, standing.request);
    return { binding, frames };
  }

  /** A stream is left: what it still carried waits for the next. */
  release(binding: PresenceBinding): void {
    for (const standing of binding.bound.values()) if (standing.carrier === binding) standing.carrier = undefined;
  }

  onAnswer(frame: EnteredFrame | WatchedFrame, binding: PresenceBinding): void {
    const standing = this.#take(frame.id, binding);
    if (standing === undefined) return;
    const { number, request, answered } = standing;
    standing.answered = true;
    if (frame.type === "entered") {
      if (!answered) this.#options.pass({ ...frame, id: request.id });
      return;
    }
    binding.bound.set(frame.number, standing);
    standing.carrier = binding;
    if (answered) this.#options.pass({ type: "census", number, count: 0, anew: true });
    else this.#options.pass({ ...frame, id: request.id, number });
  }

  /** @returns whether it was the answer to one of these. */
  onError(frame: ErrorFrame, binding: PresenceBinding): boolean {
    if (!binding.asked.has(frame.id)) return false;
    const standing = this.#take(frame.id, binding);
    if (standing === undefined) return true;
    const { request, answered } = standing;
    // Once it was granted, a "later" is for the next stream.
    if (answered && frame.retry) return true;
    this.#table(request.type).delete(request.channel);
    const { channel } = request;
    const verb = request.type === "enter" ? "enter" : "presence";
    if (answered) this.#options.pass({ type: "revoked", channel, verb, message: frame.message });
    else this.#options.pass({ ...frame, id: request.id });
    return true;
  }

  /** @returns whether it was of the stream that counts. */
  onMembers(frame: PresentFrame | AbsentFrame | CensusFrame, bytes: Uint8Array, binding: PresenceBinding): boolean {
    const standing = binding.bound.get(frame.number);
    if (standing?.carrier !== binding || !this.#holds(standing)) return false;
    const { number } = standing;
    if (frame.number === number) this.#options.pass(frame, bytes);
    else this.#options.pass({ ...frame, number });
    return true;
  }

  onRevoked(frame: RevokedFrame, bytes: Uint8Array): void {
    this.#table(frame.verb === "enter" ? "enter" : "watch").delete(frame.channel);
    this.#options.pass(frame, bytes);
  }

  #standing(request: EnterFrame | WatchFrame, generation: number): Standing {
    this.#lastNumber += 1;
    return { request, answered: false, generation, number: this.#lastNumber, carrier: undefined };
  }

  #take(id: number, binding: PresenceBinding): Standing | undefined {
    const standing = binding.asked.get(id);
    binding.asked.delete(id);
    return standing !== undefined && this.#holds(standing) ? standing : undefined;
  }

  #holds(standing: Standing): boolean {
    const { type, channel } = standing.request;
    return this.#table(type).get(channel) === standing;
  }

  #table(type: "enter" | "watch"): Map<string, Standing> {
    return type === "enter" ? this.#members : this.#watches;
  }
}
