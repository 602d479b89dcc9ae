import type { Entry, Follower, FollowHandlers, Head, Log, Page } from "@hawser/log";
import type { Interval, Position } from "@hawser/protocol";
import { blockBytes } from "../wire/entry-blocks.ts";
import type { Outlet } from "./outlet.ts";

export interface ServedFollowerOptions {
  readonly id: number;
  readonly channel: string;
  readonly log: Log;
  readonly outlet: Outlet;
  /** Where the remote log stands; `undefined`: at the end. */
  readonly resume: Position | undefined;
}

/** What became of a step. */
export type StepResult =
  /** There is more to tell. */
  | "more"
  /** All is told that is known. */
  | "idle"
  /** The log is being read: the outlet is told when it is done. */
  | "reading"
  /** It would have to read, and may not now. */
  | "blocked";

type Plan =
  | { readonly kind: "nothing" }
  /** The entries through this offset come next. */
  | { readonly kind: "entries"; readonly through: number }
  /** What comes next begins at the end of this head. */
  | { readonly kind: "begin"; readonly head: Head };

/** An offset from which nothing goes on. */
const nowhere = -1;
/** Entries of one page at most, when a follower lags. */
const pageCount = 4_096;

/**
 * A cursor on one channel for one remote log. While it stands at the end, what the log tells is passed on; when there is
 * no room it stands still and keeps nothing, and reads what it missed from the log once there is room again.
 */
export class ServedFollower implements FollowHandlers {
  readonly id: number;
  readonly #options: ServedFollowerOptions;
  #follower: Follower | undefined;
  /** What the remote log was told last. */
  #at: Position = { epoch: 0, offset: 0 };
  #toldFloor = 0;
  /** What the log told last. */
  #known: Head = { epoch: 0, floor: 0, end: 0, lineage: [] };
  /** Not told yet. */
  #available: boolean | undefined;
  /** What the log told before its answer to `follow`; told again behind it. */
  #early: (() => void)[] | undefined = [];
  #reading = false;
  #closed = false;

  constructor(options: ServedFollowerOptions) {
    this.#options = options;
    this.id = options.id;
  }

  /** Begins to follow. Rejects as `Log.follow` does. */
  async open(): Promise<Head> {
    const { log, channel, resume } = this.#options;
    const follower = await log.follow(channel, this);
    if (this.#closed) {
      follower.close();
      return follower.head;
    }
    const { head } = follower;
    this.#follower = follower;
    this.#known = head;
    this.#at = resume ?? { epoch: head.epoch, offset: head.end };
    this.#toldFloor = resume === undefined ? head.floor : 0;
    return head;
  }

  /** From now on it may tell: what `open` gave has been passed on. */
  begin(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const tell of early) tell();
    this.#options.outlet.wake(this);
  }

  onEntries(entries: readonly Entry[], interval: Interval): void {
    if (this.#isEarly(() => this.onEntries(entries, interval))) return;
    // A page may have said already that all through a higher offset is gone.
    this.#known = { ...this.#known, end: Math.max(this.#known.end, interval.to) };
    const { outlet } = this.#options;
    if (this.#isAt(interval.from) && outlet.hasRoom) {
      const blocks = outlet.blocksOf(entries, interval);
      for (let index = 0; outlet.hasRoom; index += 1) {
        const block = blocks.at(index);
        if (block === undefined) return;
        outlet.tellEntries(this.id, block);
        this.#at = { epoch: this.#known.epoch, offset: block.interval.to };
      }
    }
    outlet.wake(this);
  }

  onFloor(floor: number): void {
    if (this.#isEarly(() => this.onFloor(floor))) return;
    const known = this.#known;
    this.#known = { ...known, floor: Math.max(known.floor, floor), end: Math.max(known.end, floor) };
    this.#options.outlet.wake(this);
  }

  onEpoch(head: Head): void {
    if (this.#isEarly(() => this.onEpoch(head))) return;
    // In the same epoch: entries were trimmed before the log could give them, so what lies before the head is not to be had.
    if (head.epoch === this.#known.epoch) this.#at = { epoch: head.epoch, offset: nowhere };
    this.#known = head;
    this.#options.outlet.wake(this);
  }

  onAvailable(available: boolean): void {
    if (this.#isEarly(() => this.onAvailable(available))) return;
    this.#available = available;
    this.#options.outlet.wake(this);
  }

  /** Tells one piece of what there is to tell. Called when there is room. */
  step(mayRead: boolean): StepResult {
    if (this.#closed || this.#reading || this.#early !== undefined) return "idle";
    const { outlet } = this.#options;
    if (this.#available !== undefined) {
      outlet.tell({ type: "available", id: this.id, available: this.#available });
      this.#available = undefined;
    }
    const plan = this.#plan();
    switch (plan.kind) {
      case "begin":
        this.#beginAt(plan.head);
        return "more";
      case "entries":
        if (!mayRead) return "blocked";
        void this.#read(plan.through);
        return "reading";
      case "nothing":
        if (this.#known.floor > this.#toldFloor) {
          this.#toldFloor = this.#known.floor;
          outlet.tell({ type: "floor", id: this.id, floor: this.#known.floor });
        }
        return "idle";
    }
  }

  close(): void {
    this.#closed = true;
    this.#early = undefined;
    this.#follower?.close();
  }

  /** From where the remote log stands to what is known: within an epoch by entries, from one to the next by its beginning. */
  #plan(): Plan {
    const known = this.#known;
    const { epoch, offset } = this.#at;
    if (epoch === known.epoch) {
      if (offset === known.end) return { kind: "nothing" };
      const isBehind = offset < known.end && offset !== nowhere;
      return isBehind ? { kind: "entries", through: known.end } : { kind: "begin", head: known };
    }
    const index = known.lineage.findIndex((start) => start.epoch > epoch);
    const next = known.lineage[index];
    // Its epoch is one that the log does not know, or is above all that it knows.
    if (next === undefined || index === 0) return { kind: "begin", head: known };
    if (offset < next.start) return { kind: "entries", through: next.start };
    const lineage = known.lineage.slice(0, index + 1);
    return {
      kind: "begin",
      head: { epoch: next.epoch, floor: Math.min(known.floor, next.start), end: next.start, lineage },
    };
  }

  #beginAt(head: Head): void {
    this.#at = { epoch: head.epoch, offset: head.end };
    this.#toldFloor = head.floor;
    this.#options.outlet.tell({ type: "epoch", id: this.id, head });
  }

  async #read(through: number): Promise<void> {
    const { log, channel, outlet } = this.#options;
    const at = this.#at;
    const { epoch } = this.#known;
    this.#reading = true;
    const page = await log
      .read(channel, at.offset, { maxCount: pageCount, maxBytes: blockBytes })
      .catch(() => undefined);
    this.#reading = false;
    if (!this.#closed) {
      // The log did not answer, or has an epoch that it did not tell yet.
      if (page === undefined || page.epoch > this.#known.epoch) outlet.wakeLater(this);
      else {
        // If the log told of another epoch meanwhile, neither the page nor how far it was to go stands any more.
        if (page.epoch === epoch && this.#known.epoch === epoch && this.#at === at) this.#readGave(page, through);
        outlet.wake(this);
      }
    }
    outlet.readDone();
  }

  #readGave(page: Page, through: number): void {
    if (page.interval.from > this.#at.offset) this.#overtaken(page.floor);
    else this.#tellPage(page.entries, page.more ? page.interval.to : through, through);
  }

  /** Entries were trimmed before they could be given. */
  #overtaken(floor: number): void {
    const known = this.#known;
    this.#known = { ...known, floor: Math.max(known.floor, floor), end: Math.max(known.end, floor) };
    this.#beginAt(this.#known);
  }

  #tellPage(entries: readonly Entry[], pageEnd: number, through: number): void {
    const { outlet } = this.#options;
    const { epoch, offset } = this.#at;
    const to = Math.min(pageEnd, through);
    // What lies above is not as durable yet as its policy promises, or is of the next epoch.
    const given = entries.filter((entry) => entry.offset <= to);
    const blocks = outlet.blocksOf(given, { from: offset, to });
    for (let index = 0, block = blocks.at(0); block !== undefined; index += 1, block = blocks.at(index)) {
      outlet.tellEntries(this.id, block);
      this.#at = { epoch, offset: block.interval.to };
    }
  }

  /** The remote log was told all through this offset, of the epoch that the log is in. */
  #isAt(offset: number): boolean {
    return this.#at.epoch === this.#known.epoch && this.#at.offset === offset;
  }

  #isEarly(tell: () => void): boolean {
    if (this.#closed) return true;
    this.#early?.push(tell);
    return this.#early !== undefined;
  }
}
