import type { Clock } from "@hawser/protocol";

/** A moment by either clock: one may step, and the other stand still while the machine sleeps. */
export interface Stamp {
  readonly now: number;
  readonly monotonic: number;
}

/** Now, by both clocks. */
export function stampOf(clock: Clock): Stamp {
  return { now: clock.now(), monotonic: clock.monotonic() };
}

/** How long ago that was, in milliseconds: by the clock that says more. */
export function ageOf(stamp: Stamp, clock: Clock): number {
  return Math.max(clock.now() - stamp.now, clock.monotonic() - stamp.monotonic);
}
