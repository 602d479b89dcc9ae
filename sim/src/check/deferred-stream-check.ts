import type { Interval, Position } from "@hawser/protocol";
import { StreamCheck } from "./stream-check.ts";
import type { SeenMessage } from "./stream-check.ts";

/**
 * A checker for a log whose truth is not known before the end, since it is a function of all that the log holds: it keeps
 * what the subscription was given, and looks at it when the truth is there.
 */
export class DeferredStreamCheck extends StreamCheck {
  #deferred: (() => void)[] = [];

  override onSubscribed(position: Position): void {
    // How many of the newest messages there were at that moment cannot be told afterwards.
    this.#deferred.push(() => super.onSubscribed(position, 0));
  }

  override onMessage(message: SeenMessage): void {
    this.#deferred.push(() => super.onMessage(message));
  }

  override onLost(epoch: number, interval: Interval): void {
    this.#deferred.push(() => super.onLost(epoch, interval));
  }

  override onReset(reason: string, from: Position, position: Position): void {
    this.#deferred.push(() => super.onReset(reason, from, position));
  }

  /** The truth is there. */
  replay(): void {
    for (const step of this.#deferred) step();
    this.#deferred = [];
  }
}
