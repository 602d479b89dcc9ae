import type { Timer, Timers } from "@hawser/protocol";
import type { ServedFollower } from "./served-follower.ts";

/** Reads of followers that lag, at a time: what they bring is kept even if there is no room for it any more. */
const maxReads = 8;
/** How long a follower waits whose channel could not be read. */
const askAgainMs = 100;

/** The followers of one remote log that have something to tell: each in turn, as long as there is room. */
export class FollowerQueue {
  readonly #hasRoom: () => boolean;
  readonly #timers: Timers;
  readonly #ready = new Set<ServedFollower>();
  /** They lag, and wait for a read of another one to be done. */
  readonly #blocked = new Set<ServedFollower>();
  readonly #later = new Set<ServedFollower>();
  #laterTimer: Timer | undefined;
  #reads = 0;
  #running = false;

  constructor(hasRoom: () => boolean, timers: Timers) {
    this.#hasRoom = hasRoom;
    this.#timers = timers;
  }

  add(follower: ServedFollower): void {
    this.#ready.add(follower);
    this.run();
  }

  addLater(follower: ServedFollower): void {
    this.#later.add(follower);
    this.#laterTimer ??= this.#timers.after(askAgainMs, () => {
      this.#laterTimer = undefined;
      for (const each of this.#later) this.#ready.add(each);
      this.#later.clear();
      this.run();
    });
  }

  /** A read that a step began is done. */
  readDone(): void {
    this.#reads -= 1;
    for (const follower of this.#blocked) this.#ready.add(follower);
    this.#blocked.clear();
    this.run();
  }

  /** There may be room. */
  run(): void {
    if (this.#running) return;
    this.#running = true;
    for (const follower of this.#ready) {
      if (!this.#hasRoom()) break;
      this.#ready.delete(follower);
      switch (follower.step(this.#reads < maxReads)) {
        case "more":
          // Behind the others: a set is gone through in the order in which its members came.
          this.#ready.add(follower);
          break;
        case "reading":
          this.#reads += 1;
          break;
        case "blocked":
          this.#blocked.add(follower);
          break;
        case "idle":
          break;
      }
    }
    this.#running = false;
  }

  close(): void {
    this.#laterTimer?.cancel();
    this.#ready.clear();
    this.#blocked.clear();
    this.#later.clear();
  }
}
