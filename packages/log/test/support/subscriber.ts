import type { Entry, Head, Log } from "@hawser/log";
import { textOf } from "@hawser/log/conformance";

/** An entry that a subscriber has. */
export interface Seen {
  readonly offset: number;
  readonly text: string;
}

/**
 * What a node does with a follower, in the plainest way: it keeps what it was given, and when the epoch changes it carries
 * its position over by the lineage (POS-7 to POS-9 of the specification), drops what the log took back, and reads on
 * from there. Broken promises are noted in `faults`.
 */
export class Subscriber {
  readonly faults: string[] = [];
  readonly epochs: number[] = [];
  seen: Seen[] = [];
  /** Below it entries were lost to a trim. */
  floor = 0;
  #log: Log;
  #epoch = 0;
  #at = 0;
  /** Through which it has, or was told that it lost, everything; behind the live feed while it catches up. */
  #position = 0;
  /** Where the live feed stands, for entries that come twice. */
  #live = 0;
  #catchUps = 0;

  private constructor(log: Log) {
    this.#log = log;
  }

  /** Follows from the end on. */
  static async follow(log: Log, channel: string): Promise<Subscriber> {
    const subscriber = new Subscriber(log);
    await subscriber.#follow(channel);
    return subscriber;
  }

  async #follow(channel: string): Promise<void> {
    const { head } = await this.#log.follow(channel, {
      onEntries: (entries, interval) => {
        if (interval.from !== this.#at) this.faults.push(`interval from ${interval.from} at ${this.#at}`);
        this.#take(entries);
        this.#at = interval.to;
      },
      onFloor: () => {},
      onEpoch: (next) => this.#carryOver(next, channel),
    });
    this.#epoch = head.epoch;
    this.#at = head.end;
    this.#live = this.#position = head.end;
  }

  #take(entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (entry.offset <= this.#live) this.faults.push(`entry ${entry.offset} at ${this.#live}`);
      this.seen.push({ offset: entry.offset, text: textOf(entry) });
      this.#live = entry.offset;
    }
    if (this.#caughtUp) this.#position = this.#live;
  }

  #carryOver(head: Head, channel: string): void {
    if (head.epoch < this.#epoch) this.faults.push(`epoch ${head.epoch} after ${this.#epoch}`);
    const isKnown = head.lineage[0] !== undefined && head.lineage[0].epoch <= this.#epoch;
    const next = head.lineage.find(({ epoch }) => epoch > this.#epoch);
    const back = isKnown ? Math.min(this.#position, next?.start ?? Infinity) : 0;
    this.#epoch = head.epoch;
    this.epochs.push(head.epoch);
    this.seen = this.seen.filter(({ offset }) => offset <= back);
    this.#position = back;
    this.#live = this.#at = head.end;
    this.#caughtUp = false;
    const live = this.#catchUp(channel, head.end);
    this.catchingUp = Promise.all([this.catchingUp, live]);
  }

  /** Settles when what was to be read behind the live feed is there. */
  catchingUp: Promise<unknown> = Promise.resolve();
  #caughtUp = true;

  async #catchUp(channel: string, to: number): Promise<void> {
    const turn = (this.#catchUps += 1);
    const from = this.#position;
    for (let attempt = 0; attempt < 1_000; attempt += 1) {
      try {
        const page = await this.#log.read(channel, from, { maxCount: 1_000_000, maxBytes: 1_000_000_000 });
        // The next epoch has its own catching up to do.
        if (this.#catchUps !== turn) return;
        if (page.epoch !== this.#epoch) continue;
        const missing = page.entries
          .filter(({ offset }) => offset > from && offset <= to)
          .map((entry) => ({ offset: entry.offset, text: textOf(entry) }));
        this.seen = [...this.seen, ...missing].toSorted((left, right) => left.offset - right.offset);
        if (page.floor > from) this.floor = Math.max(this.floor, page.floor);
        this.#caughtUp = true;
        this.#position = this.#live;
        return;
      } catch {
        if (this.#catchUps !== turn) return;
      }
    }
    this.faults.push("could not catch up");
  }
}
