import type { Timer, Timers } from "@hawser/protocol";
import type { Transport } from "../transport/transport.ts";
import type { Rates } from "./rates.ts";

/** Whether a connection is read from: what it does not take is left to the kernel, and nothing is lost. */
export class Intake {
  readonly #transport: Transport;
  readonly #timers: Timers;
  #rates: Rates | undefined;
  /** Frames that came before it was known for which rates they count. */
  #uncounted = 0;
  #resting: Timer | undefined;
  /** Reasons for which reading is paused now. */
  #pauses = 0;
  #closed = false;

  constructor(transport: Transport, timers: Timers) {
    this.#transport = transport;
    this.#timers = timers;
  }

  /** Says for which rates frames count; called once, until which only those come that `connect` came with. */
  countFor(rates: Rates): void {
    this.#rates = rates;
    this.spend(this.#uncounted);
  }

  /** So many frames were handled: above the rate, reading rests until the rate allows it. */
  spend(frames: number): void {
    if (this.#rates === undefined) {
      this.#uncounted += frames;
      return;
    }
    const restMs = this.#rates.spendFrames(frames);
    if (restMs === 0 || this.#resting !== undefined || this.#closed) return;
    this.pause();
    this.#resting = this.#timers.after(restMs, () => {
      this.#resting = undefined;
      this.resume();
    });
  }

  pause(): void {
    this.#pauses += 1;
    if (this.#pauses === 1) this.#transport.pause();
  }

  resume(): void {
    this.#pauses -= 1;
    if (this.#pauses === 0 && !this.#closed) this.#transport.resume();
  }

  close(): void {
    this.#closed = true;
    this.#resting?.cancel();
  }
}
