import type { Interval } from "@hawser/protocol";
import type { Entry, Follower, FollowHandlers, Head } from "../log.ts";

type FeedEvent =
  | { readonly kind: "entries"; readonly serial: number; readonly entries: Entry[]; from: number; to: number }
  | { readonly kind: "epoch"; readonly serial: number; readonly head: Head }
  | { readonly kind: "available"; readonly serial: number; readonly available: boolean };

interface Member {
  readonly handlers: FollowHandlers;
  /** Events below it were before its time. */
  readonly since: number;
  /** The highest floor that it was told. */
  floor: number;
  closed: boolean;
}

/** Called when a follower's handler throws: a bug of the follower's, which neither the log nor other followers feel. */
export type FollowerErrorListener = (error: unknown) => void;

/**
 * The followers of one channel and what they are to be told. What happens is noted first and delivered later, by
 * {@link ChannelFeed.deliver}, so that no handler runs inside a call to the log; entries noted one after another are
 * delivered as one interval.
 */
export class ChannelFeed {
  readonly #members = new Set<Member>();
  readonly #onError: FollowerErrorListener;
  #events: FeedEvent[] = [];
  #floor: number | undefined;
  #serial = 0;
  /** A follower joined: what comes next must not be joined to an event before its time. */
  #sealed = false;

  constructor(onError: FollowerErrorListener) {
    this.#onError = onError;
  }

  /** Whether anybody follows: without, nothing needs to be noted. */
  get active(): boolean {
    return this.#members.size > 0;
  }

  /**
   * @param head as it is at this moment, all that was noted so far in it.
   * @param onClose called once, when the follower closes.
   */
  join(handlers: FollowHandlers, head: Head, onClose: () => void): Follower {
    const member: Member = { handlers, since: this.#serial, floor: head.floor, closed: false };
    this.#members.add(member);
    this.#sealed = true;
    return {
      head,
      close: () => {
        if (member.closed) return;
        member.closed = true;
        this.#members.delete(member);
        if (this.#members.size === 0) this.#events = [];
        onClose();
      },
    };
  }

  /** Notes the entries of `(from, to]`; `from` is where the last interval ended. */
  entries(entries: readonly Entry[], from: number, to: number): void {
    if (!this.active) return;
    const last = this.#joinable();
    if (last?.kind === "entries") {
      for (const entry of entries) last.entries.push(entry);
      last.to = to;
      return;
    }
    this.#push({ kind: "entries", serial: this.#serial, entries: [...entries], from, to });
  }

  /** Notes one entry: {@link ChannelFeed.entries} without the array. */
  entry(entry: Entry, from: number): void {
    if (!this.active) return;
    const last = this.#joinable();
    if (last?.kind === "entries") {
      last.entries.push(entry);
      last.to = entry.offset;
      return;
    }
    this.#push({ kind: "entries", serial: this.#serial, entries: [entry], from, to: entry.offset });
  }

  /** Notes that the floor rose. Told behind all entries, so that a trim does not cut an interval in two. */
  floor(floor: number): void {
    if (this.active) this.#floor = floor;
  }

  /** Notes a new epoch, or that entries were trimmed before they could be given: what follows starts at `head.end`. */
  epoch(head: Head): void {
    if (!this.active) return;
    this.#floor = undefined;
    this.#push({ kind: "epoch", serial: this.#serial, head });
  }

  available(available: boolean): void {
    if (this.active) this.#push({ kind: "available", serial: this.#serial, available });
  }

  /** Tells the followers what was noted, in its order. What they do in their handlers is for the next time. */
  deliver(): void {
    const events = this.#events;
    const floor = this.#floor;
    this.#events = [];
    this.#floor = undefined;
    for (const member of this.#members) {
      for (const event of events) {
        if (member.closed) break;
        if (event.serial >= member.since) this.#tell(member, event);
      }
      if (floor !== undefined) this.#tellFloor(member, floor);
    }
  }

  /** Ends all followers without a word. */
  close(): void {
    for (const member of this.#members) member.closed = true;
    this.#members.clear();
    this.#events = [];
  }

  #joinable(): FeedEvent | undefined {
    return this.#sealed ? undefined : this.#events.at(-1);
  }

  #push(event: FeedEvent): void {
    this.#serial += 1;
    this.#sealed = false;
    this.#events.push(event);
  }

  #tell(member: Member, event: FeedEvent): void {
    const { handlers } = member;
    switch (event.kind) {
      case "entries": {
        const interval: Interval = { from: event.from, to: event.to };
        this.#guard(() => handlers.onEntries(event.entries, interval));
        break;
      }
      case "epoch":
        member.floor = event.head.floor;
        this.#guard(() => handlers.onEpoch(event.head));
        break;
      case "available":
        this.#guard(() => handlers.onAvailable?.(event.available));
        break;
    }
  }

  #tellFloor(member: Member, floor: number): void {
    if (floor <= member.floor || member.closed) return;
    member.floor = floor;
    this.#guard(() => member.handlers.onFloor(floor));
  }

  #guard(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#onError(error);
    }
  }
}
