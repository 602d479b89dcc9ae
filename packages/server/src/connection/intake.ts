import type { Timer, Timers } from "@hawser/protocol";
import type { Transport } from "../transport/transport.ts";
import { TokenBucket } from "./token-bucket.ts";

export interface IntakeOptions {
  readonly transport: Transport;
  readonly timers: Timers;
  readonly now: () => number;
  readonly framesPerSecond: number;
  readonly framesBurst: number;
}

/** Whether a connection is read from: what it does not take is left to the kernel, and nothing is lost. */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #frames: TokenBucket;
  #resting: Timer | undefined;
  /** Reasons for which reading is paused now. */
  #pauses = 0;
  #closed = false;

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#frames = new TokenBucket(options.framesPerSecond, options.framesBurst, options.now());
  }

  /** So many frames were handled: above the rate, reading rests until the rate allows it. */
  spend(frames: number): void {
    const restMs = this.#frames.spend(frames, this.#options.now());
    if (restMs === 0 || this.#resting !== undefined || this.#closed) return;
    this.pause();
    this.#resting = this.#options.timers.after(restMs, () => {
      this.#resting = undefined;
      this.resume();
    });
  }

  pause(): void {
    this.#pauses += 1;
    if (this.#pauses === 1) this.#options.transport.pause();
  }

  resume(): void {
    this.#pauses -= 1;
    if (this.#pauses === 0 && !this.#closed) this.#options.transport.resume();
  }

  close(): void {
    this.#closed = true;
    this.#resting?.cancel();
  }
}
